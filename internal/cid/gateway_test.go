package cid

import (
	"bytes"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/exchange/offline"
	"github.com/ipfs/boxo/gateway"
)

// Any IPFS gateway that has the blocks serves the picture at <cid>/content.
func TestGatewayServesContent(t *testing.T) {
	e := sampleExport(t)
	var car bytes.Buffer
	if err := WriteCAR(&car, e); err != nil {
		t.Fatal(err)
	}
	_, store, _ := load(t, car.Bytes())
	prov, err := e.Provenance.Block()
	if err != nil {
		t.Fatal(err)
	}
	backend, err := gateway.NewBlocksBackend(blockservice.New(store, offline.Exchange(store)))
	if err != nil {
		t.Fatal(err)
	}
	h := gateway.NewHandler(gateway.Config{DeserializedResponses: true, NoDNSLink: true}, backend)
	marked, _ := io.ReadAll(patternOf(700_000))
	for _, path := range []string{
		"/ipfs/" + e.Provenance.Watermarked.String() + "/content",
		"/ipfs/" + prov.CID.String() + "/watermarked/content",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), marked) {
			t.Errorf("%s: status %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
}
