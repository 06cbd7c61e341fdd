package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/certana/certana/internal/account"
	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
)

// shownEvent is a line of the audit log as the command prints one, with the API's
// names.
type shownEvent struct {
	ID             string          `json:"id"`
	At             time.Time       `json:"at"`
	Action         string          `json:"action"`
	ActorKind      string          `json:"actor_kind"`
	ActorID        string          `json:"actor_id"`
	UserID         *asset.ID       `json:"user_id"`
	OrganizationID *asset.ID       `json:"organization_id"`
	Target         string          `json:"target"`
	Address        string          `json:"address"`
	Details        json.RawMessage `json:"details"`
}

func newAdminAudit(e *env) *cobra.Command {
	var action, organization, user, since, until string
	var limit int
	c := &cobra.Command{
		Use:   "audit",
		Short: "Read the audit log of all organizations, newest first",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f := db.AuditFilter{Action: action}
			for text, t := range map[*string]*time.Time{&since: &f.Since, &until: &f.Until} {
				if err := readTime(*text, t); err != nil {
					return usageError(err)
				}
			}
			return e.governing(c.Context(), func(s *account.Service, st *store) error {
				if err := st.narrow(c, &f, organization, user); err != nil {
					return err
				}
				found, total, err := everything(limit, func(p db.Page) ([]account.AuditEvent, int, error) {
					f.Page = p
					return s.PlatformAudit(c.Context(), account.Platform(), f)
				})
				if err != nil {
					return err
				}
				return e.printEvents(found, total)
			})
		},
	}
	fl := c.Flags()
	fl.StringVar(&action, "action", "", "only events of this kind, such as api_key.created")
	fl.StringVar(&organization, "organization", "", "only those of an organization, by id or slug")
	fl.StringVar(&user, "user", "", "only those of a user, by id or address")
	fl.StringVar(&since, "since", "", "from then on, such as 2024-01-15 or 2024-01-15T10:30:00Z")
	fl.StringVar(&until, "until", "", "until before then")
	fl.IntVar(&limit, "limit", 100, "how many at most; 0 for all")
	return c
}

// readTime reads a date, which means its first instant in UTC, or a time; an empty
// text leaves t alone.
func readTime(text string, t *time.Time) (err error) {
	if text == "" {
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if *t, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is no date (2024-01-15) or time (2024-01-15T10:30:00Z)", text)
}

func (s *store) narrow(c *cobra.Command, f *db.AuditFilter, organization, user string) error {
	if organization != "" {
		id, err := s.reference(c.Context(), organization)
		if err != nil {
			return err
		}
		f.OrganizationID = &id
	}
	if user != "" {
		id, err := s.user(c.Context(), user)
		if err != nil {
			return err
		}
		f.UserID = &id
	}
	return nil
}

func (e *env) printEvents(found []account.AuditEvent, total int) error {
	if e.json {
		items := make([]shownEvent, len(found))
		for i, a := range found {
			items[i] = shownEvent{a.ID.String(), a.At.UTC(), a.Action, a.ActorKind, a.ActorID, a.UserID, a.OrganizationID, a.Target,
				a.Address, json.RawMessage(a.Details)}
		}
		return e.printJSON(map[string]any{"items": items, "total": total})
	}
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, a := range found {
		fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\t%s\t%s\n", a.At.UTC().Format(time.RFC3339), a.Action, a.ActorKind, a.ActorID, a.Target, a.Address, a.Details)
	}
	return w.Flush()
}
