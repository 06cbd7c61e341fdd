package tamper

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func ppm(p string) Picture {
	b, err := os.ReadFile(p)
	if err != nil {
		panic(err)
	}
	var w, h, m int
	fmt.Sscanf(string(b[:30]), "P6\n%d %d\n%d", &w, &h, &m)
	return Picture{w, h, b[len(b)-3*w*h:]}
}
func TestZZ(t *testing.T) {
	f, _ := os.Open(os.Getenv("LIST"))
	s := bufio.NewScanner(f)
	only := os.Getenv("ONLY")
	n := map[string]int{}
	bad := map[string]int{}
	var order []string
	var tot time.Duration
	c := 0
	for s.Scan() {
		p := strings.Fields(s.Text())
		var k int
		fmt.Sscan(p[0], &k)
		if only != "" && !strings.Contains(","+only+",", ","+p[0]+",") {
			continue
		}
		ref := ppm(fmt.Sprintf("/tmp/atk/ref%02d.ppm", k))
		pr := ppm(p[2])
		t0 := time.Now()
		r := Inspect(ref, nil, pr)
		tot += time.Since(t0)
		c++
		if n[p[1]] == 0 {
			order = append(order, p[1])
		}
		n[p[1]]++
		if !r.Registered || !r.Map.SameScene {
			fmt.Println("NOT REGISTERED", k, p[1])
			bad[p[1]]++
			continue
		}
		if r.Map.Altered {
			bad[p[1]]++
			if !strings.HasPrefix(p[1], "overlay") {
				fmt.Println(k, p[1], "regions", len(r.Map.Regions), r.Map.Regions[0], "ratio", r.Map.Ratio, "agree", r.Map.Agreement)
			} else {
				fmt.Println(k, p[1], "regions", len(r.Map.Regions), r.Map.Regions[0], "truth", p[12:])
			}
		}
	}
	for _, o := range order {
		fmt.Printf("%s %d/%d; ", o, bad[o], n[o])
	}
	fmt.Println("mean", tot/time.Duration(c))
}
