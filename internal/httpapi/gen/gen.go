// Package gen is the server's side of api/openapi.yaml: models, parameters and
// the strict server interface. api.gen.go is generated; the types beside it are
// those that the document names and the generator cannot make.
package gen

//go:generate go tool oapi-codegen -config config.yaml -o api.gen.go ../../../api/openapi.yaml
