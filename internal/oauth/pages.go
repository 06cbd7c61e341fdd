package oauth

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
)

//go:embed pages
var files embed.FS

// style is in every page, so that nothing else has to be fetched; the policy
// names it by its hash.
var style = mustRead("pages/style.css")

var styleHash = func() string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

func mustRead(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded
	}
	return string(b)
}

var templates = func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range []string{"login", "code", "consent", "logout", "message"} {
		all[name] = template.Must(template.ParseFS(files, "pages/layout.html", "pages/"+name+".html"))
	}
	return all
}()

// page is what the templates show.
type page struct {
	Title   string
	Style   template.CSS
	Problem string // what was wrong with the form before, announced first

	Action   string // where the form goes
	Token    string // its hidden field
	Logout   string // where the form goes that asks for another user
	LogToken string
	Restart  string // address of a fresh login

	Client, Owner string // who asks for access, and who registered that
	Email         string
	Detail        string
	Back          string // host that the browser is sent to
	Grants        []grantLine
	Offline       bool
	Choices       []account.Choice
	Chosen        string
}

// show sends a page. target is where its form may lead in the end; nil for
// nowhere else.
func (s *server) show(w http.ResponseWriter, status int, name string, p page, target *request) {
	p.Style = template.CSS(style)
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout", p); err != nil {
		s.Log.Error("oauth page", "page", name, "error", err)
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styleHash+"; form-action 'self'"+formTarget(target)+
		"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // a client that left is no failure of ours
}

// formTarget names a request's redirect URI for form-action, which browsers hold
// the redirect after a form to as well.
func formTarget(to *request) string {
	if to == nil {
		return ""
	}
	u, err := url.Parse(to.RedirectURI)
	switch {
	case err != nil:
		return ""
	case u.Scheme == "https" || (u.Scheme == "http" && !strings.Contains(u.Host, "[")):
		return " " + u.Scheme + "://" + u.Host
	}
	return " " + u.Scheme + ":" // a program's own; and the policy cannot name ::1
}

// errorPage tells the user what nobody else can be told.
func (s *server) errorPage(w http.ResponseWriter, status int, title, detail string) {
	s.show(w, status, "message", page{Title: title, Detail: detail}, nil)
}

// failedPage is for errors that are not the user's fault, and for those that are
// the same on every page.
func (s *server) failedPage(w http.ResponseWriter, r *http.Request, err error) {
	if asset.Is(err, asset.RateLimited) {
		s.errorPage(w, http.StatusTooManyRequests, "Too many attempts", "Wait a while, then try again.")
		return
	}
	s.logFailure(r.Context(), err)
	s.errorPage(w, http.StatusInternalServerError, "Something went wrong", "It is not your fault. Try again in a minute.")
}

// form fills in what every form needs.
func (s *server) form(w http.ResponseWriter, r *http.Request, p page) page {
	p.Action = s.root + r.URL.Path
	if r.URL.RawQuery != "" {
		p.Action += "?" + r.URL.RawQuery
	}
	p.Token = s.formToken(r, s.formSecret(w, r))
	return p
}

// asking says who wants access.
func (s *server) asking(r *http.Request, to *request, p page) (page, error) {
	owner, err := s.Accounts.OrganizationName(r.Context(), to.Client.OrganizationID)
	p.Client, p.Owner = to.Client.Name, owner
	return p, err
}
