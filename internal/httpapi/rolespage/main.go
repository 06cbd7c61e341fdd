// Command rolespage writes docs/roles.md.
package main

import (
	"fmt"
	"os"

	"github.com/certana/certana/internal/httpapi"
)

//go:generate go run . ../../../docs/roles.md

func main() {
	text, err := httpapi.RolesPage()
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
