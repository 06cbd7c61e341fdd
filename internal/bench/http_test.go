package bench

import "testing"

// What wrk 4.1.0 prints.
const (
	wrkGood = `Running 5s test @ http://127.0.0.1:8000/x
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    11.63ms   13.29ms 134.22ms   85.80%
    Req/Sec     9.93k     1.62k   13.26k    68.00%
  49536 requests in 5.02s, 61.14MB read
Requests/sec:   9876.54
Transfer/sec:     12.18MB
`
	wrkBad = `Running 5s test @ http://127.0.0.1:8000/x
  49536 requests in 5.02s, 61.14MB read
  Non-2xx or 3xx responses: 12
Requests/sec:   9876.54
`
	wrkCut = `Running 5s test @ http://127.0.0.1:8000/x
  49536 requests in 5.02s, 61.14MB read
  Socket errors: connect 0, read 3, write 0, timeout 0
Requests/sec:   9876.54
`
)

func TestWrkResult(t *testing.T) {
	if n, err := wrkResult(wrkGood); n != 9876.54 || err != nil {
		t.Errorf("%v %v", n, err)
	}
	for _, text := range []string{wrkBad, wrkCut, ""} {
		if n, err := wrkResult(text); err == nil {
			t.Errorf("%v of %q", n, text)
		}
	}
}
