package polar

// Info104 lists the information positions of the code of length 512 with 104
// information bits: density evolution under the Gaussian approximation at an
// energy of 2·10^0.15·2·104 shared evenly by the 512 bits (the test derives it
// again). It is frozen: marks in circulation depend on it.
var Info104 = [104]int{
	223, 239, 246, 247, 249, 250, 251, 252, 253, 254, 255, 319, 350, 351, 363, 365,
	366, 367, 371, 373, 374, 375, 377, 378, 379, 380, 381, 382, 383, 411, 413, 414,
	415, 423, 427, 429, 430, 431, 435, 436, 437, 438, 439, 440, 441, 442, 443, 444,
	445, 446, 447, 455, 458, 459, 460, 461, 462, 463, 465, 466, 467, 468, 469, 470,
	471, 472, 473, 474, 475, 476, 477, 478, 479, 481, 482, 483, 484, 485, 486, 487,
	488, 489, 490, 491, 492, 493, 494, 495, 496, 497, 498, 499, 500, 501, 502, 503,
	504, 505, 506, 507, 508, 509, 510, 511,
}
