package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/certana/certana/internal/raster"
	"github.com/certana/certana/internal/synth"
)

// benchServer is this program, serving in a process of its own.
type benchServer struct {
	*exec.Cmd
	dir, url string
	log      *os.File
}

func startBenchServer(ctx context.Context, dir string) (*benchServer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &benchServer{dir: dir, Cmd: exec.CommandContext(ctx, program, "bench", "http", "serve", "--data", dir, "--json")}
	const plenty = "1000000000"
	s.Env = append(os.Environ(), "CERTANA_QUOTAS_KEY_PER_HOUR="+plenty, "CERTANA_QUOTAS_KEY_PER_DAY="+plenty)
	s.Cancel = func() error { return s.Process.Signal(syscall.SIGTERM) }
	if s.log, err = os.Create(filepath.Join(dir, "bench.log")); err != nil {
		return nil, err
	}
	s.Stderr = s.log
	out, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	var greeting struct{ Listening string }
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&greeting); err != nil {
		text, _ := os.ReadFile(s.log.Name())
		return nil, errors.Join(fmt.Errorf("the server did not start: %s", text), s.stop())
	}
	s.url = greeting.Listening
	return s, nil
}

func (s *benchServer) stop() error {
	_ = s.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which Wait tells
	return errors.Join(s.Wait(), s.log.Close())
}

// fill registers a picture and answers its path, an access token and an API key
// of its organization.
func (s *benchServer) fill(ctx context.Context) (path, token, key string, err error) {
	who := map[string]any{"email": "bench@example.com", "password": "not so easy to guess", "full_name": "Bench"}
	var login struct {
		AccessToken string `json:"access_token"`
	}
	var made struct{ ID, Key string }
	if err = s.post(ctx, "/v1/auth/register", "", who, nil); err == nil {
		delete(who, "full_name")
		err = s.post(ctx, "/v1/auth/login", "", who, &login)
	}
	if err == nil {
		err = s.post(ctx, "/v1/api-keys", login.AccessToken, map[string]any{"name": "bench", "scopes": []string{"read"}}, &made)
	}
	if err != nil {
		return "", "", "", err
	}
	key = made.Key
	if err = s.upload(ctx, login.AccessToken, &made); err != nil {
		return "", "", "", err
	}
	path = "/v1/assets/" + made.ID
	text, err := s.do(ctx, http.MethodGet, path, login.AccessToken, "", nil)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, staticFile), text, 0o600)
	}
	return path, login.AccessToken, key, err
}

func (s *benchServer) upload(ctx context.Context, token string, answer any) error {
	picture, err := raster.EncodeJPEG(raster.FromImage(synth.Photo(640, 480, 1)), 90)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "bench.jpg")
	if err == nil {
		_, err = file.Write(picture)
	}
	if err == nil {
		err = form.WriteField("title", "A picture")
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return err
	}
	text, err := s.do(ctx, http.MethodPost, "/v1/assets/", token, form.FormDataContentType(), &body)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, answer)
}

func (s *benchServer) post(ctx context.Context, path, token string, body, answer any) error {
	text, err := json.Marshal(body)
	if err == nil {
		text, err = s.do(ctx, http.MethodPost, path, token, "application/json", bytes.NewReader(text))
	}
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(text, answer)
}

func (s *benchServer) do(ctx context.Context, method, path, token, kind string, body io.Reader) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, text)
	}
	return text, err
}
