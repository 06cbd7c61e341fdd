package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
)

// GetHealth answers 200 when the server serves: the rows can be read.
func (s *server) GetHealth(ctx context.Context, _ gen.GetHealthRequestObject) (gen.GetHealthResponseObject, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.Rows.Ping(ctx); err != nil {
		return nil, asset.Errorf(asset.ServiceUnavailable, err, "the database does not answer")
	}
	return gen.GetHealth200JSONResponse{Status: "ok"}, nil
}

// GetOpenAPI serves the contract.
func (s *server) GetOpenAPI(context.Context, gen.GetOpenAPIRequestObject) (gen.GetOpenAPIResponseObject, error) {
	return documentAnswer(s.contract.text), nil
}

type documentAnswer []byte

// VisitGetOpenAPIResponse sends the document as it is.
func (d documentAnswer) VisitGetOpenAPIResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(d)
	return err
}
