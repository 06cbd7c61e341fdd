package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// client speaks the API as its reference page describes it.
type client struct {
	base  string // …/v1
	token string
	http  *http.Client
}

func newHTTPClient() *http.Client { return &http.Client{Timeout: 2 * time.Minute} }

type uploaded struct {
	ID             string `json:"id"`
	CID            string `json:"cid"`
	ContentHash    string `json:"content_hash"`
	IPFSCID        string `json:"ipfs_cid"`
	WatermarkedCID string `json:"watermarked_cid"`
	Status         string `json:"processing_status"`
	Error          string `json:"processing_error"`
}

type commitment struct {
	ID        string `json:"commitment_id"`
	Hash      string `json:"commitment_hash"`
	TxHash    string `json:"tx_hash"`
	Signature string `json:"signature"`
	Status    string `json:"confirmation_status"`
}

type verification struct {
	Verdict    string  `json:"verdict"`
	Confidence float64 `json:"confidence"`
	Details    string  `json:"details"`
	TamperMap  *string `json:"tamper_map"`
}

// signIn registers a new user and logs in.
func (c *client) signIn(ctx context.Context) error {
	who := map[string]string{
		"email": "demo@example.com", "password": "demo-" + rand.Text(), "full_name": "Demo",
	}
	if err := c.json(ctx, http.MethodPost, "/auth/register", who, nil); err != nil {
		return err
	}
	var got struct {
		AccessToken string `json:"access_token"`
	}
	delete(who, "full_name")
	if err := c.json(ctx, http.MethodPost, "/auth/login", who, &got); err != nil {
		return err
	}
	c.token = got.AccessToken
	return nil
}

// upload sends a photograph and waits until it is certified.
func (c *client) upload(ctx context.Context, name string, data []byte) (a uploaded, err error) {
	fields := map[string]string{"title": "Demonstration", "tags": "demo,photograph"}
	if err := c.form(ctx, "/assets/", name, data, fields, &a); err != nil {
		return a, err
	}
	for a.Status != "completed" {
		if a.Status == "failed" {
			return a, fmt.Errorf("the upload failed: %s", a.Error)
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if err := c.json(ctx, http.MethodGet, "/assets/"+a.ID, nil, &a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// commitment asks for the asset's commitment, which waits until it is final.
func (c *client) commitment(ctx context.Context, id string) (k commitment, err error) {
	err = c.json(ctx, http.MethodPost, "/blockchain/commit", map[string]string{"asset_id": id}, &k)
	return k, err
}

// content downloads the watermarked rendition.
func (c *client) content(ctx context.Context, id string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/assets/"+id+"/content", nil)
	if err != nil {
		return nil, err
	}
	return c.do(req)
}

func (c *client) verify(ctx context.Context, p submission) (v verification, err error) {
	err = c.form(ctx, "/verify/", p.file, p.data, map[string]string{"include_tamper_map": "true"}, &v)
	return v, err
}

func (c *client) form(ctx context.Context, path, name string, data []byte, fields map[string]string, into any) error {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			return err
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	if _, err := part.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return c.decode(req, into)
}

func (c *client) json(ctx context.Context, method, path string, in, into any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.decode(req, into)
}

func (c *client) decode(req *http.Request, into any) error {
	b, err := c.do(req)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// do sends a request and returns the body of a good answer; the API's own words
// make the error of a bad one.
func (c *client) do(req *http.Request) ([]byte, error) {
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 == 2 {
		return b, nil
	}
	return nil, fmt.Errorf("%s %s: %s: %s", req.Method, req.URL.Path, res.Status, bytes.TrimSpace(b))
}
