package conformance

import (
	"os"
	"strings"
	"testing"

	"github.com/certana/certana/internal/db/dbtest"
	"github.com/certana/certana/internal/realrun"
)

func TestMain(m *testing.M) { realrun.Main(m) }

// start serves a deployment of its own with settings, "quotas.free_uploads=1".
func start(t *testing.T, settings ...string) *realrun.Server {
	t.Helper()
	dir := t.TempDir()
	var environ []string
	for _, setting := range append(settings, "log.level=error",
		// What a password's hash costs is not what is tested.
		"account.argon2.memory_kib=64", "account.argon2.passes=1") {
		name, value, _ := strings.Cut(setting, "=")
		environ = append(environ, "CERTANA_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))+"="+value)
	}
	if c := dbtest.In(t, dir); os.Getenv("CERTANA_TEST_POSTGRES") != "" {
		environ = append(environ, "CERTANA_DB_URL="+c.URL)
	}
	return realrun.Start(t, dir, environ...)
}
