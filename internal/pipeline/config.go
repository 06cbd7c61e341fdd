package pipeline

import (
	"fmt"
	"time"

	"github.com/certana/certana/internal/raster"
)

// Config says what is accepted and how hard the corridor works.
type Config struct {
	// MaxBytes is the largest upload in bytes. Default 26214400 (25 MiB).
	MaxBytes int64 `yaml:"max_bytes"`
	// MaxPixels is the largest picture in pixels. Default 50000000.
	MaxPixels int64 `yaml:"max_pixels"`
	// Wait is how long an upload's answer waits for its processing. Default 10s.
	Wait time.Duration `yaml:"wait"`
	// CommitWait is how long POST /blockchain/commit waits for finality. Default 15s.
	CommitWait time.Duration `yaml:"commit_wait"`
	// Workers is how many jobs run at the same time. Default 4.
	Workers int `yaml:"workers"`
	// DecodePixels bounds the pixels that are decoded at the same time, over
	// all uploads and verifications: about 8 bytes of memory each. Default
	// 64000000.
	DecodePixels int64 `yaml:"decode_pixels"`
}

// DefaultConfig returns the defaults named above.
func DefaultConfig() Config {
	return Config{
		MaxBytes: raster.DefaultLimits.MaxBytes, MaxPixels: raster.DefaultLimits.MaxPixels,
		Wait: 10 * time.Second, CommitWait: 15 * time.Second, Workers: 4, DecodePixels: 64_000_000,
	}
}

// Validate says which setting makes no sense, if any.
func (c Config) Validate() error {
	switch {
	case c.MaxBytes <= 0:
		return fmt.Errorf("max_bytes must be positive, is %d", c.MaxBytes)
	case c.MaxPixels <= 0:
		return fmt.Errorf("max_pixels must be positive, is %d", c.MaxPixels)
	case c.Wait < 0 || c.CommitWait < 0:
		return fmt.Errorf("wait and commit_wait must not be negative")
	case c.Workers <= 0:
		return fmt.Errorf("workers must be positive, is %d", c.Workers)
	case c.DecodePixels <= 0:
		return fmt.Errorf("decode_pixels must be positive, is %d", c.DecodePixels)
	}
	return nil
}

func (c Config) limits() raster.Limits {
	return raster.Limits{MaxBytes: c.MaxBytes, MaxPixels: c.MaxPixels}
}
