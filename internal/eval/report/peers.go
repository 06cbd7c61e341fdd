package report

// peer is what another program reached on the standard suite, measured once
// with the suite in Python: a random payload per picture, every bit right,
// blind, no help from the original. None of them corrects errors or tells marked
// from unmarked.
type peer struct {
	name, pictures string
	bits           int
	psnr, recovery float64
	classes        map[string]float64 // what was measured by class
}

var peers = []peer{
	{"blind_watermark", "Kodak 24", 32, 37.97, 0.558, map[string]float64{"none": 1, "jpeg": .94, "webp": 1, "resize": 0, "crop": 0,
		"rotate": .22, "rot90": 0, "flip": 0, "noise": 1, "blur": 1, "tone": .55, "overlay": 1, "colour": 1, "combo": .25, "printscan": .42}},
	{"dwtDctSvd", "Kodak 24", 32, 39.42, 0.381, map[string]float64{"none": 1, "jpeg": .72, "webp": .06, "resize": 0, "crop": 0,
		"rotate": .08, "rot90": 0, "flip": 0, "noise": 1, "blur": .98, "tone": .18, "overlay": 1, "colour": .46, "combo": .25, "printscan": .25}},
	{"RivaGAN", "Kodak 12, 29 of the attacks", 32, 40.46, 0.787, map[string]float64{"none": 1, "jpeg": .81, "webp": .92, "resize": .38, "crop": .92,
		"rotate": .96, "rot90": 0, "flip": 0, "noise": 1, "blur": 1, "tone": .98, "overlay": .92, "colour": .42, "combo": .85, "printscan": 1}},
	{"blind_watermark", "Kodak 24", 64, 37.99, 0.506, nil},
	{"dwtDctSvd", "Kodak 24", 64, 39.41, 0.303, nil},
	{"dwtDct", "Kodak 24", 32, 39.64, 0.116, nil},
}

// mapper is what a published method of localisation reaches: pixel F1 by what
// happened after forging (StableGuard's table).
type mapper struct {
	name string
	psnr float64 // dB; 0 where none was given
	f1   map[string]float64
}

var mappers = []mapper{
	{"StableGuard", 40.4, map[string]float64{"none": .97, "noise:5": .93, "jpeg:90": .95, "jpeg:80": .93, "jpeg:70": .91}},
	{"EditGuard", 32.8, map[string]float64{"none": .94, "noise:5": .87, "jpeg:90": .80, "jpeg:80": .78, "jpeg:70": .58}},
	{"WAM", 0, map[string]float64{"none": .92, "noise:5": .85, "jpeg:90": .76, "jpeg:80": .70, "jpeg:70": .59}},
	{"OmniGuard", 0, map[string]float64{"none": .86, "noise:5": .78, "jpeg:90": .69, "jpeg:80": .63, "jpeg:70": .51}},
}
