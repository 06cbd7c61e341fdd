package blob

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// How patient an S3 client is. A picture is wanted by somebody who waits: an
// outage must show in about a second, not in the SDK's half minute, and whoever
// can wait longer (a job) tries again by itself.
const (
	attempts     = 3
	backoff      = 300 * time.Millisecond // at most, between two attempts
	dialTimeout  = 3 * time.Second
	firstByteMax = 30 * time.Second
)

func openS3(ctx context.Context, u *url.URL) (*Store, error) {
	if u.Host == "" {
		return nil, fmt.Errorf("blob: %q names no bucket", u.Redacted())
	}
	q := s3Defaults(u.Query())
	prefix, opts := q.Get("prefix"), &s3blob.Options{KMSEncryptionID: q.Get("kmskeyid")}
	pathStyle, err := strconv.ParseBool(q.Get("use_path_style"))
	if err != nil {
		return nil, fmt.Errorf("blob: use_path_style is true or false, not %q", q.Get("use_path_style"))
	}
	if sse := q.Get("ssetype"); sse != "" {
		opts.EncryptionType = types.ServerSideEncryption(sse)
	}
	for _, key := range []string{"prefix", "kmskeyid", "use_path_style", "ssetype"} {
		q.Del(key)
	}
	cfg, err := gcaws.V2ConfigFromURLParams(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	opts.RequestChecksumCalculation = cfg.RequestChecksumCalculation
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, backoff })
	}
	cfg.HTTPClient = awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = firstByteMax })
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = pathStyle })
	b, err := s3blob.OpenBucket(ctx, client, u.Host, opts)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if prefix != "" {
		if err := CheckKey(strings.TrimSuffix(prefix, "/")); err != nil {
			return nil, fmt.Errorf("blob: prefix: %w", err)
		}
		b = blob.PrefixedBucket(b, strings.TrimSuffix(prefix, "/")+"/")
	}
	return &Store{bucket: b}, nil
}

// s3Defaults fills in what servers other than AWS need, where the operator named
// such a server and said nothing else.
func s3Defaults(q url.Values) url.Values {
	def := func(key, value string) {
		if !q.Has(key) {
			q.Set(key, value)
		}
	}
	other := q.Get("endpoint") != ""
	def("use_path_style", strconv.FormatBool(other))
	if other {
		if os.Getenv("AWS_REGION") == "" && os.Getenv("AWS_DEFAULT_REGION") == "" {
			def("region", "us-east-1")
		}
		def("request_checksum_calculation", "when_required")
		def("response_checksum_validation", "when_required")
	}
	return q
}
