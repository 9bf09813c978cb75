#include "store/sqlite/sqlite_assets.h"

#include "store/sqlite/pool.h"
#include "store/sqlite/rows.h"

namespace vf::store {
namespace {

constexpr const char* kColumns = "id, owner, kind, file_name, content_type, sha256, size, info, created_at";

Result<Asset> read_asset(const Statement& row) {
  return Asset{row.text(0),
               row.text(1),
               row.text(2),
               row.text(3),
               row.text(4),
               {row.text(5), row.number(6)},
               VF_TRY(parse_json(row.text(7))),
               row.number(8)};
}

Result<std::optional<Asset>> find_asset(Database& db, const std::string& id) {
  auto row = VF_TRY(db.prepare(fmt::format("SELECT {} FROM assets WHERE id = ?", kColumns)));
  row.bind(id);
  if (!VF_TRY(row.step())) return std::nullopt;
  return std::optional(VF_TRY(read_asset(row)));
}

class SqliteAssetStore final : public AssetStore {
 public:
  explicit SqliteAssetStore(SqlitePool& pool) : pool_(pool) {}

  Result<Asset> create(const Asset& asset) override {
    return pool_.write([&](Database& db) -> Result<Asset> {
      if (auto standing = VF_TRY(find_asset(db, asset.id))) return std::move(*standing);
      VF_CHECK(VF_TRY(db.prepare(fmt::format("INSERT INTO assets ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", kColumns)))
                   .bind(asset.id)
                   .bind(asset.owner)
                   .bind(asset.kind)
                   .bind(asset.file_name)
                   .bind(asset.content_type)
                   .bind(asset.blob.sha256)
                   .bind(asset.blob.size)
                   .bind(dump(asset.info))
                   .bind(asset.created_ms)
                   .run());
      VF_CHECK(refer(db, asset.id, asset.blob.sha256, asset.blob.size));
      return asset;
    });
  }

  Result<std::optional<Asset>> find(const std::string& id) override {
    return pool_.read([&](Database& db) { return find_asset(db, id); });
  }

  Result<Page<Asset>> list(const std::string& owner, const std::string& kind, int limit,
                           const std::optional<Cursor>& from) override {
    return pool_.read([&](Database& db) -> Result<Page<Asset>> {
      auto rows = VF_TRY(db.prepare(fmt::format(
          "SELECT {} FROM assets WHERE (?1 = '' OR owner = ?1) AND (?2 = '' OR kind = ?2) AND (?3 IS NULL OR "
          "(created_at, id) < (?3, ?4)) ORDER BY created_at DESC, id DESC LIMIT ?5",
          kColumns)));
      rows.bind(owner).bind(kind);
      rows.bind(from ? std::optional(from->at_ms) : std::nullopt).bind(from ? from->id : std::string()).bind(limit + 1);
      Page<Asset> page;
      while (VF_TRY(rows.step())) page.items.push_back(VF_TRY(read_asset(rows)));
      if (page.items.size() > static_cast<std::size_t>(limit)) {
        page.items.pop_back();
        page.next = Cursor{page.items.back().created_ms, page.items.back().id};
      }
      return page;
    });
  }

  Result<bool> remove(const std::string& id) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      VF_CHECK(VF_TRY(db.prepare("DELETE FROM blob_references WHERE subject = ?")).bind(id).run());
      VF_CHECK(VF_TRY(db.prepare("DELETE FROM assets WHERE id = ?")).bind(id).run());
      return db.changes() > 0;
    });
  }

 private:
  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<AssetStore> sqlite_asset_store(SqlitePool& pool) { return std::make_unique<SqliteAssetStore>(pool); }

}  // namespace vf::store
