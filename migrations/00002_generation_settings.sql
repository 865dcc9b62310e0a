-- +goose Up

-- What a generation was begun to be read with (event.Settings): only with the same can its file be counted again.
ALTER TABLE generation ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
