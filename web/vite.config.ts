import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

// In development the API of a running `hangup serve` is used: HANGUP_API=http://127.0.0.1:8080 npm run dev
const api = process.env.HANGUP_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [preact()],
  build: {
    target: "es2022",
    // The content security policy lets no inline code run, and no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": api, "/readyz": api } },
  test: { include: ["src/**/*.test.ts", "browser/**/*.test.ts"] },
});
