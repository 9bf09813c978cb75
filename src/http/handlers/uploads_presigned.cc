// A presigned PUT: an address that carries its own right for a quarter of an hour, so that the bytes may come
// from a program that holds no credentials; then a confirmation by whoever asked for it.
#include <fmt/format.h>

#include "base/rfc3339.h"
#include "base/uuid.h"
#include "http/checksum.h"
#include "http/handlers/uploads.h"
#include "http/json_body.h"
#include "http/message/target.h"

namespace vf::http {
namespace {

using SharedCall = std::shared_ptr<const Call>;

constexpr std::int64_t kJsonBytes = 256 * 1024;

struct UploadUrlOrder {
  std::string fileName;
  std::optional<std::string> contentType;
  std::optional<std::int64_t> sizeBytes;
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> visibility;
};
BOOST_DESCRIBE_STRUCT(UploadUrlOrder, (), (fileName, contentType, sizeBytes, title, description, tags, visibility))

struct ConfirmOrder {
  std::string uploadId;
};
BOOST_DESCRIBE_STRUCT(ConfirmOrder, (), (uploadId))

// A field that the client is told to send back as it is, so it must be able to stand in a header.
bool is_field_text(std::string_view text) {
  if (text.size() > 200) return false;
  for (const char c : text)
    if (c < 0x20 || c > 0x7e) return false;
  return true;
}

Error bad(std::string pointer, std::string message) {
  return {ErrorCode::invalid_argument, fmt::format("At {}: {}", pointer, message), {}, pointer};
}

Result<VideoDetails> details_of(const UploadUrlOrder& order) {
  if (order.sizeBytes && *order.sizeBytes <= 0)
    return std::unexpected(bad("/sizeBytes", "a video has at least one byte."));
  if (order.contentType && !is_field_text(*order.contentType))
    return std::unexpected(bad("/contentType", "expected at most 200 printable ASCII characters."));
  return checked({order.title, order.description, order.tags, order.visibility});
}

std::string base_of(const Platform& platform, const Request& request) {
  if (!platform.options.public_url.empty()) return platform.options.public_url;
  return fmt::format("{}://{}", request.secure ? "https" : "http", request.host);
}

// Signed when it is sent and not before: an answer that is kept for repetitions holds no right of its own.
Response with_token(const Platform& platform, const Request& request, Response answer) {
  auto parsed = parse_json(std::get<std::string>(answer.body));
  if (!parsed || !parsed->is_object()) return problem(request, 500, "internal", "The kept answer is damaged.");
  auto& body = parsed->get_object();
  const auto ends = parse_rfc3339(body["expiresAt"].as_string());
  const auto token = platform.links.sign(auth::LinkPurpose::upload, body["uploadId"].as_string(), {}, ends.value_or(0));
  body["url"].as_string() += token;
  answer.body = dump(body);
  return answer;
}

Response order_url(UploadContext& context, const Call& call) {
  auto& platform = context.platform;
  auto order = read_body<UploadUrlOrder>(call);
  if (!order) return std::move(order).error();
  auto details = details_of(*order);
  if (!details) return problem(call.request, details.error());
  const auto upload = begin_upload(
      context, call, {make_uuid(), "presigned", order->fileName, order->sizeBytes, {}, std::move(*details)});
  if (!upload) return upload.error();
  const auto ends = platform.now_ms() + platform.options.presigned_ms;
  json::object headers;
  if (order->contentType) headers["Content-Type"] = *order->contentType;
  auto out = json_response(
      201, json::object{{"uploadId", upload->id},
                        {"url", fmt::format("{}/api/storage/uploads/{}/", base_of(platform, call.request), upload->id)},
                        {"method", "PUT"},
                        {"expiresAt", format_rfc3339(ends)},
                        {"headers", std::move(headers)}});
  out.headers.set("Cache-Control", "no-store");
  return out;
}

// The whole body or nothing of it: bytes stay on trial until length and checksums are known to be right.
class PutSink final : public BodySink {
 public:
  PutSink(SharedCall call, Receiving receiving, std::vector<Checksum> checksums, std::int64_t most)
      : call_(std::move(call)),
        upload_(std::move(receiving.upload)),
        file_(std::move(receiving.file)),
        checksums_(std::move(checksums)),
        most_(most) {}

  std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
    if (file_.size() + static_cast<std::int64_t>(bytes.size()) > most_)
      return upload_.size ? wrong_size("more") : too_large();
    for (auto& checksum : checksums_) checksum.update(bytes);
    if (auto written = file_.write(bytes); !written) return problem(call_->request, written.error());
    return std::nullopt;
  }

  Response finish() override {
    const auto& request = call_->request;
    if (file_.size() == 0)
      return problem(request, 400, "invalid_argument", "The body is empty; send the file's bytes.");
    if (upload_.size && file_.size() != *upload_.size) return wrong_size(std::to_string(file_.size()));
    for (auto& checksum : checksums_)
      if (!checksum.matches())
        return problem(request, 400, "checksum_mismatch",
                       fmt::format("The bytes do not have the {} that was sent with them; nothing was stored.",
                                   checksum.algorithm()));
    if (auto kept = file_.keep(); !kept) return problem(request, kept.error());
    const auto hash = file_.sha256();
    auto out =
        json_response(200, json::object{{"uploadId", upload_.id}, {"sizeBytes", file_.size()}, {"sha256", hash}});
    out.headers.set("ETag", fmt::format("\"{}\"", hash));
    return out;
  }

 private:
  Response wrong_size(std::string_view came) const {
    return problem(call_->request, 400, "invalid_argument",
                   fmt::format("sizeBytes was declared as {}, but {} came; nothing was stored.", *upload_.size, came));
  }
  Response too_large() const {
    return problem(call_->request, 413, to_string(ErrorCode::limit_exceeded),
                   fmt::format("This server takes uploads of at most {} bytes; nothing was stored.", most_));
  }

  SharedCall call_;
  store::Upload upload_;
  UploadFile file_;
  std::vector<Checksum> checksums_;
  std::int64_t most_;
};

Opened answered(Response response) {
  Opened out;
  out.response = std::move(response);
  return out;
}

Opened put(const SharedUploads& uploads, const SharedCall& call) {
  auto& platform = uploads->platform;
  const auto& request = call->request;
  const auto& id = call->param("id");
  if (!is_uuid(id) || !platform.links.check(call->param("token"), auth::LinkPurpose::upload, id, {}, platform.now_ms()))
    return answered(problem(request, 403, "link_expired",
                            "This address is not valid or not valid any more; ask for a new one at "
                            "POST /api/storage/upload-url."));
  auto checksums = checksums_of(request);
  if (!checksums) return answered(problem(request, 400, "invalid_argument", checksums.error()));
  auto receiving = receive_upload(*uploads, request, id);
  if (!receiving) return answered(std::move(receiving).error());
  if (receiving->file.size() > 0)
    return answered(problem(request, 409, "conflict",
                            "The bytes of this upload are here already; confirm it, or ask for a new address."));
  const auto& declared = receiving->upload.size;
  const auto most = declared.value_or(platform.options.max_upload_bytes);
  if (declared && request.content_length && *request.content_length != *declared)
    return answered(problem(request, 400, "invalid_argument",
                            fmt::format("sizeBytes was declared as {}, but Content-Length is {}; nothing was stored.",
                                        *declared, *request.content_length)));
  if (!declared) {
    const std::lock_guard lock(uploads->admission);
    if (auto no = refuse_upload(platform, request, receiving->upload.owner, request.content_length, false))
      return answered(std::move(*no));
  }
  receiving->file.begin_trial();
  Opened out;
  out.body_limit = most + 1;
  out.sink = std::make_unique<PutSink>(call, std::move(*receiving), std::move(*checksums), most);
  return out;
}

Response confirm(UploadContext& context, const Call& call) {
  auto order = read_body<ConfirmOrder>(call);
  if (!order) return std::move(order).error();
  auto& platform = context.platform;
  Call named = call;
  named.params = {{"id", order->uploadId}};
  auto upload = own_upload(context, named, "presigned");
  if (!upload) return std::move(upload).error();
  if (upload->state == "done") {
    const auto made = platform.uploads.made(upload->id);
    if (!made) return problem(call.request, made.error());
    if (*made) return accepted_response(201, **made);
  }
  auto receiving = receive_upload(context, call.request, upload->id);
  if (!receiving) return std::move(receiving).error();
  if (receiving->file.size() == 0)
    return problem(call.request, 409, "conflict", "No bytes have come yet: PUT them to the upload's address first.");
  const auto made = accept_upload(platform, receiving->upload, receiving->file, call.request.correlation);
  return made ? accepted_response(201, *made) : problem(call.request, made.error());
}

}  // namespace

std::vector<Endpoint> presigned_endpoints(const SharedUploads& uploads) {
  using auth::Permission;
  auto& platform = uploads->platform;
  Endpoint order{"POST", "/api/storage/upload-url", Permission::write_videos, RateClass::upload, kJsonBytes, {}, {}};
  order.handle = idempotent(
      platform, [uploads](const Call& call) { return order_url(*uploads, call); },
      [&platform](const Call& call, Response answer) { return with_token(platform, call.request, std::move(answer)); });
  // Open: the address itself is the right to use it, once.
  Endpoint take{"PUT",
                "/api/storage/uploads/{id}/{token}",
                Permission::open,
                RateClass::none,
                platform.options.max_upload_bytes,
                {},
                {}};
  take.begin = [uploads](SharedCall call) { return put(uploads, call); };
  Endpoint done{"POST", "/api/upload/confirm", Permission::write_videos, RateClass::api, kJsonBytes, {}, {}};
  done.handle = idempotent(platform, [uploads](const Call& call) { return confirm(*uploads, call); });
  return {std::move(order), std::move(take), std::move(done)};
}

}  // namespace vf::http
