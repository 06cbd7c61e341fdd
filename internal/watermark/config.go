package watermark

import "fmt"

// Config says which tracks a deployment draws and how strong each is. A picture
// carries every track at once, so their strengths are shares of one budget: the
// defaults together leave about 44 dB over R, G and B.
type Config struct {
	// Fragile draws track B, which says where a picture was altered. Default
	// true.
	Fragile bool `yaml:"fragile"`
	// RobustPSNR is what track A alone leaves of an average picture, in dB.
	// Default 49.
	RobustPSNR float64 `yaml:"robust_psnr"`
	// FragilePSNR is the least that track B alone leaves, in dB. The step of
	// its lattice follows from it, and is kept with every asset: marks that were
	// drawn at another value are read as they were drawn. Default 45.7.
	FragilePSNR float64 `yaml:"fragile_psnr"`
}

// DefaultConfig returns the defaults named above.
func DefaultConfig() Config { return Config{Fragile: true, RobustPSNR: 49, FragilePSNR: 45.7} }

// Validate says which setting makes no sense, if any.
func (c Config) Validate() error {
	for name, v := range map[string]float64{"robust_psnr": c.RobustPSNR, "fragile_psnr": c.FragilePSNR} {
		if err := CheckPSNR(v); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
	}
	return nil
}

// CheckPSNR says whether a track can be asked for so many dB: less is seen by
// everybody, and of more nothing is left.
func CheckPSNR(v float64) error {
	if !(v >= 36 && v <= 60) {
		return fmt.Errorf("must be from 36 to 60 dB, is %g", v)
	}
	return nil
}
