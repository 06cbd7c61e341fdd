package attack

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/certana/certana/internal/raster"
)

// Chain returns the attack that applies others one after the other. Its name
// holds the steps with their strengths, "jpeg:50+resize:0.5", and its strength
// is 0.
func Chain(class string, steps ...Attack) Attack {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Label()
	}
	return Attack{Name: strings.Join(names, "+"), Class: class}
}

// Parse reads what Label writes: a name, a colon and a strength where it is not
// 0, or a chain of them. The class is that of chains or empty.
func Parse(label string) (Attack, error) {
	steps, err := parseSteps(label)
	if err != nil {
		return Attack{}, err
	}
	if len(steps) > 1 {
		return Chain("chain", steps...), nil
	}
	return steps[0], nil
}

func parseSteps(label string) ([]Attack, error) {
	parts := strings.Split(label, "+")
	steps := make([]Attack, len(parts))
	for i, part := range parts {
		name, strength, given := strings.Cut(part, ":")
		if _, ok := attacks[name]; !ok {
			return nil, fmt.Errorf("%w %q", ErrUnknown, name)
		}
		steps[i].Name = name
		if !given {
			continue
		}
		v, err := strconv.ParseFloat(strength, 64)
		if err != nil {
			return nil, fmt.Errorf("attack %s: the strength %q is no number", name, strength)
		}
		steps[i].Strength = v
	}
	return steps, nil
}

// chained applies every step of a chain to what the one before made of the
// picture. Geometry is that of no single step and left out.
func chained(m *raster.RGB8, name string, seed int64) (Result, error) {
	steps, err := parseSteps(name)
	if err != nil {
		return Result{}, err
	}
	var r Result
	for _, s := range steps {
		if r, err = Apply(m, s.Name, s.Strength, seed); err != nil {
			return Result{}, err
		}
		m = r.RGB
	}
	return Result{RGB: r.RGB, Encoded: r.Encoded, Ext: r.Ext}, nil
}
