package attack

// Suite returns the 52 attacks of the standard suite, in table order.
func Suite() []Attack {
	var s []Attack
	add := func(class, name string, strengths ...float64) {
		for _, v := range strengths {
			s = append(s, Attack{name, v, class})
		}
	}
	add("none", "none", 0)
	add("jpeg", "jpeg", 95, 90, 80, 70, 50, 30)
	add("webp", "webp", 80, 50)
	add("resize", "resize", 0.5, 0.75, 1.5, 2)
	add("crop", "crop", 0.9, 0.75, 0.5, 0.25)
	add("rotate", "rotate", 1, 2, 5, 10)
	add("rot90", "rotate", 90, 180)
	add("flip", "hflip", 0)
	add("noise", "noise", 2, 5, 10)
	add("blur", "blur", 0.5, 1, 2)
	add("blur", "median", 3)
	add("tone", "brightness", 0.5, 0.8, 1.2, 1.5)
	add("tone", "contrast", 0.5, 1.5)
	add("tone", "saturation", 0.5, 1.5)
	add("tone", "gamma", 0.7, 1.4)
	add("tone", "hue", 10)
	add("sharpen", "sharpen", 2)
	add("overlay", "overlay", 0.05, 0.2)
	add("colour", "grayscale", 0)
	add("colour", "palette", 256)
	add("combo", "social", 1080)
	add("combo", "screenshot", 0.8)
	add("combo", "crop_jpeg", 0.75)
	add("combo", "rot_crop_jpeg", 3)
	add("printscan", "printscan", 1)
	return s
}

// Extras returns attacks outside the suite at customary strengths: geometry
// beyond similarity, double compression, and forgeries of a known region.
func Extras() []Attack {
	return []Attack{
		{"aspect", 1.1, "warp"}, {"shear", 2, "warp"}, {"perspective", 0.02, "warp"},
		{"double_jpeg", 70, "jpeg"}, {"pad", 0.1, "crop"},
		{"splice", 0.1, "forgery"}, {"copymove", 0.1, "forgery"}, {"erase", 0.1, "forgery"},
	}
}

// Beyond returns what pictures meet outside the standard suite: tilt and shear,
// hard compression, small crops, denoisers, and chains of two attacks as real
// life has them.
func Beyond() []Attack {
	s := []Attack{
		{"perspective", 0.02, "tilt"}, {"shear", 2, "tilt"},
		{"jpeg", 20, "jpeg20"}, {"crop", 0.15, "crop15"},
		{"nlm", 3, "denoise"}, {"nlm", 6, "denoise"}, {"bilateral", 25, "denoise"}, {"bilateral", 50, "denoise"},
	}
	for _, steps := range [][2]Attack{
		{{Name: "jpeg", Strength: 50}, {Name: "resize", Strength: 0.5}},
		{{Name: "crop", Strength: 0.5}, {Name: "jpeg", Strength: 50}},
		{{Name: "rotate", Strength: 5}, {Name: "jpeg", Strength: 50}},
		{{Name: "blur", Strength: 1}, {Name: "jpeg", Strength: 70}},
		{{Name: "brightness", Strength: 1.3}, {Name: "jpeg", Strength: 50}},
		{{Name: "noise", Strength: 10}, {Name: "resize", Strength: 0.75}},
		{{Name: "webp", Strength: 50}, {Name: "jpeg", Strength: 70}},
		{{Name: "screenshot", Strength: 0.8}, {Name: "crop", Strength: 0.5}},
		{{Name: "hflip"}, {Name: "social", Strength: 1080}},
		{{Name: "grayscale"}, {Name: "jpeg", Strength: 50}},
		{{Name: "sharpen", Strength: 2}, {Name: "webp", Strength: 50}},
		{{Name: "resize", Strength: 0.5}, {Name: "crop", Strength: 0.5}},
	} {
		s = append(s, Chain("chain", steps[:]...))
	}
	return s
}

// Large returns what happens to camera pictures at full size: they are posted,
// cropped hard, photographed off a screen, and made thumbnails of.
func Large() []Attack {
	s := []Attack{{"social", 1080, "posted"}}
	for _, share := range []float64{0.25, 0.1, 0.05} {
		s = append(s, Chain("cropped", Attack{Name: "crop", Strength: share}, Attack{Name: "jpeg", Strength: 70}))
	}
	return append(s,
		Attack{"fit", 640, "thumbnail"}, Attack{"fit", 480, "thumbnail"}, Attack{"fit", 400, "thumbnail"},
		Attack{"social", 640, "thumbnail jpeg"}, Attack{"social", 400, "thumbnail jpeg"},
		Chain("screen", Attack{Name: "screenshot", Strength: 0.5}, Attack{Name: "social", Strength: 1080}))
}
