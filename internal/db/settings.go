package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// setting is a small thing that the deployment as a whole remembers.
type setting struct {
	bun.BaseModel `bun:"table:app_settings"`

	Key       string    `bun:"key,pk"`
	Value     []byte    `bun:"value"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// Setting reads a value; nil when it was never put.
func (q Queries) Setting(ctx context.Context, key string) ([]byte, error) {
	var s setting
	err := q.r.NewSelect().Model(&s).Where("key = ?", key).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return s.Value, err
}

// PutSetting writes a value over any other.
func (q Queries) PutSetting(ctx context.Context, key string, value []byte) error {
	if value == nil {
		value = []byte{} // nil would be NULL, which is for keys never put
	}
	_, err := q.w.NewInsert().Model(&setting{Key: key, Value: value, UpdatedAt: q.now()}).
		On("CONFLICT (key) DO UPDATE").Set("value = EXCLUDED.value").Set("updated_at = EXCLUDED.updated_at").
		Returning("NULL").Exec(ctx)
	return err
}

// SettingOrPut reads a value, putting the given one first where there is none.
// Of several processes that do so at once one wins, and all get its value.
func (q Queries) SettingOrPut(ctx context.Context, key string, value []byte) (kept []byte, err error) {
	err = q.atomically(ctx, func(ctx context.Context, q Queries) error {
		_, err := q.w.NewInsert().Model(&setting{Key: key, Value: value, UpdatedAt: q.now()}).
			On("CONFLICT (key) DO NOTHING").Returning("NULL").Exec(ctx)
		if err != nil {
			return err
		}
		kept, err = q.Setting(ctx, key)
		return err
	})
	return kept, err
}
