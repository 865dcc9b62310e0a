package migrations

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// ErrOther says that the schema of a database was made by other migrations than this program's of the same numbers: by a build from
// before the first release, whose first migrations were changed in place, or by a program that is not Hangup.
var ErrOther = errors.New("the database's schema was made by other migrations than this program has")

// unsummed are the migrations from before migration_sum was kept, with the fingerprints of the schemas that they led to.
var unsummed = map[int64]string{1: "6b524ef597802ec3", 2: "25d7e7347f97fc27", 3: "25d7e7347f97fc27", 4: "6f7de61f4591d23e"}

// compare says whether the migrations that were applied to a database are this program's. It only reads, and in one snapshot:
// another instance may be migrating.
func compare(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var made, summed bool
		err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL,
			EXISTS (SELECT FROM pg_class WHERE relname = 'migration_sum' AND relnamespace = current_schema()::regnamespace)`, goose.DefaultTablename).Scan(&made, &summed)
		switch {
		case err != nil:
			return fmt.Errorf("look for the schema: %w", err)
		case !made:
			return nil
		case summed:
			return compareSums(ctx, tx)
		default:
			return compareSchema(ctx, tx)
		}
	})
}

// compareSums says whether the migrations that were applied were this program's when they were.
func compareSums(ctx context.Context, tx pgx.Tx) error {
	mine, err := sums()
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT version_id, sha256 FROM migration_sum ORDER BY version_id`)
	if err != nil {
		return fmt.Errorf("read what the migrations were: %w", err)
	}
	var (
		version int64
		sum     string
		other   error
	)
	if _, err := pgx.ForEachRow(rows, []any{&version, &sum}, func() error {
		if have, ok := mine[version]; ok && have != sum && other == nil {
			other = refuse(tx, fmt.Sprintf("migration %d was another when it was applied", version))
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read what the migrations were: %w", err)
	}
	return other
}

// refuse says what is the matter with the database, and what to do.
func refuse(tx pgx.Tx, why string) error {
	c := tx.Conn().Config()
	return fmt.Errorf("%w (%s/%s: %s). Nothing was changed in it. Give Hangup an empty database, or another --state-dir where it has a private "+
		"one, and read the logs again (hangup import); or go on with the hangup that made this one", ErrOther, c.Host, c.Database, why)
}

// compareSchema says whether a schema for which no sums are kept is as this program's migrations would have made it.
func compareSchema(ctx context.Context, tx pgx.Tx) error {
	var version int64
	err := tx.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+goose.DefaultTablename+` WHERE is_applied`).Scan(&version)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if version == 0 {
		return nil
	}
	have, err := fingerprint(ctx, tx)
	if err != nil {
		return err
	}
	if have != unsummed[version] {
		return refuse(tx, fmt.Sprintf("its tables are not those of schema version %d", version))
	}
	return nil
}

// fingerprint names the form of the tables, views, indexes and functions that the first four migrations made, as far as all versions
// of PostgreSQL tell it in the same words. Other tables, and the partitions of days, do not count.
func fingerprint(ctx context.Context, tx pgx.Tx) (string, error) {
	var form string
	err := tx.QueryRow(ctx, `
		WITH ours AS (
			SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND NOT relispartition
				AND relname = ANY ('{epoch,service,source,generation,archive,route,agent,disconnect,minute_block,hour_block,day_block,folded,dirty_hour,
					client_block,day_written,session_activity,activity_block,activity,session,unparsed_sample,quarantine,job_run,tally,tally_hour,
					tally_day,client_tally,join_due}'::text[])
		), form AS (
			SELECT 'column ' || relname || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull AS line
			FROM ours JOIN pg_attribute ON attrelid = oid WHERE attnum > 0 AND NOT attisdropped
			UNION ALL
			SELECT 'index ' || i.relname || ' ' || indisunique || ' ' || (indpred IS NOT NULL) || ' ' || array_to_string(ARRAY(
				SELECT attname FROM pg_attribute WHERE attrelid = indexrelid ORDER BY attnum), ',')
			FROM ours JOIN pg_index ON indrelid = ours.oid JOIN pg_class i ON i.oid = indexrelid
			UNION ALL
			SELECT 'function ' || proname || ' ' || md5(prosrc) FROM pg_proc
			WHERE pronamespace = current_schema()::regnamespace AND proname IN ('cells_of', 'clients_of')
		)
		SELECT coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), '') FROM form`).Scan(&form)
	if err != nil {
		return "", fmt.Errorf("read the form of the schema: %w", err)
	}
	sum := sha256.Sum256([]byte(form))
	return hex.EncodeToString(sum[:8]), nil
}

// note keeps what the migrations were that are applied.
func note(ctx context.Context, conn *pgx.Conn) error {
	mine, err := sums()
	if err != nil {
		return err
	}
	var b pgx.Batch
	for version, sum := range mine {
		b.Queue(`INSERT INTO migration_sum (version_id, sha256) SELECT $1, $2
			WHERE NOT EXISTS (SELECT FROM migration_sum WHERE version_id = $1) ON CONFLICT DO NOTHING`, version, sum)
	}
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("note what the migrations were: %w", err)
	}
	return nil
}

// sums returns the SHA-256 of each migration of this program, by its number.
func sums() (map[int64]string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for _, n := range names {
		version, err := goose.NumericComponent(n)
		if err != nil {
			return nil, err
		}
		b, err := files.ReadFile(n)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		out[version] = hex.EncodeToString(sum[:])
	}
	return out, nil
}
