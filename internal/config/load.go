package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

// FileName is the configuration file that is read from the data folder when it
// is there and no other was named.
const FileName = "certana.yaml"

// Input says where to look. The zero value reads the environment of nobody and
// the file of the default data folder.
type Input struct {
	// File is the YAML file to read, which must exist; "" takes FileName of the
	// data folder, which need not.
	File string
	// Environ is what os.Environ returns.
	Environ []string
	// Flags maps YAML paths to the text given on the command line.
	Flags map[string]string
}

// Loaded is a filled and validated configuration that remembers where each
// setting came from.
type Loaded struct {
	Root
	// Warnings are sentences for the operator: variables that set nothing.
	Warnings []string

	sources map[string]string
}

// Load fills the root from its four places and validates it.
func Load(in Input) (*Loaded, error) {
	l := &Loaded{Root: Default(), sources: map[string]string{}}
	all := leaves(&l.Root)
	for _, s := range all {
		l.sources[s.path] = "default"
	}
	env, err := l.applyFile(in, all)
	if err != nil {
		return nil, err
	}
	if err := l.applyEnv(env, all); err != nil {
		return nil, err
	}
	if err := l.applyFlags(in.Flags, all); err != nil {
		return nil, err
	}
	filled, err := l.derive()
	if err != nil {
		return nil, err
	}
	for _, path := range filled {
		l.sources[path] = "derived"
	}
	if err := l.Validate(); err != nil {
		return nil, err
	}
	return l, nil
}

// applyFile reads the file. Which one depends on the data folder, and so on
// flag and environment, which are looked at here for that one setting first.
func (l *Loaded) applyFile(in Input, all []leaf) (env map[string]string, err error) {
	env = certanaVariables(in.Environ)
	file := in.File
	if file == "" {
		file = env[EnvPrefix+"CONFIG"]
	}
	delete(env, EnvPrefix+"CONFIG")
	if file != "" {
		return env, l.readFile(file, all)
	}
	data := l.Data
	if v, ok := env[EnvPrefix+"DATA"]; ok {
		data = v
	}
	if v, ok := in.Flags["data"]; ok {
		data = v
	}
	file = filepath.Join(data, FileName)
	if _, err := os.Stat(file); os.IsNotExist(err) {
		return env, nil
	}
	if err := l.readFile(file, all); err != nil {
		return nil, err
	}
	if l.sources["data"] != "default" {
		return nil, fmt.Errorf("%s: data: a file inside the data folder cannot move it; use --data or --config", l.sources["data"])
	}
	return env, nil
}

// certanaVariables picks the variables that are meant for this program. Those
// of the test suite are not.
func certanaVariables(environ []string) map[string]string {
	env := map[string]string{}
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || !strings.HasPrefix(name, EnvPrefix) ||
			name == EnvPrefix+"SHARED" || strings.HasPrefix(name, EnvPrefix+"TEST_") {
			continue
		}
		env[name] = value
	}
	return env
}

func (l *Loaded) applyEnv(env map[string]string, all []leaf) error {
	for _, s := range all {
		value, ok := env[s.env()]
		if !ok {
			continue
		}
		delete(env, s.env())
		if err := s.setText(value); err != nil {
			return fmt.Errorf("%s: %s", s.env(), complaint(s, value, err))
		}
		l.sources[s.path] = "environment " + s.env()
	}
	for name := range env {
		l.Warnings = append(l.Warnings, fmt.Sprintf("the environment variable %s is no setting and was ignored", name))
	}
	sort.Strings(l.Warnings)
	return nil
}

func (l *Loaded) applyFlags(flags map[string]string, all []leaf) error {
	for _, s := range all {
		value, ok := flags[s.path]
		if !ok {
			continue
		}
		name := "--" + strings.ReplaceAll(s.path, "_", "-")
		if err := s.setText(value); err != nil {
			return fmt.Errorf("%s: %s", name, complaint(s, value, err))
		}
		l.sources[s.path] = "flag " + name
	}
	return nil
}

// complaint shows the refused value unless it is a secret.
func complaint(s leaf, value string, err error) string {
	if s.secret {
		return err.Error()
	}
	return fmt.Sprintf("%q is %v", value, err)
}

// validateRooms calls Validate of every section that has one.
func validateRooms(r *Root) []error {
	var errs []error
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !isSection(f.Type) {
			continue
		}
		c, ok := v.Field(i).Addr().Interface().(interface{ Validate() error })
		if !ok {
			continue
		}
		if err := c.Validate(); err != nil {
			name, _ := yamlName(f)
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errs
}
