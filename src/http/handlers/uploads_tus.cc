// tus 1.0.0: uploads that go on after whatever interrupted them.
#include <fmt/format.h>

#include "base/sha256.h"
#include "http/handlers/uploads.h"
#include "http/handlers/uploads_tus_protocol.h"
#include "http/message/fields.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

using SharedCall = std::shared_ptr<const Call>;

Opened answered(Response response) {
  Opened out;
  out.response = tus::marked(std::move(response));
  return out;
}

Response no_content() {
  Response out;
  out.status = 204;
  out.headers.add("Cache-Control", "no-store");
  return out;
}

Response too_long(const Request& request, std::int64_t room) {
  return problem(request, 413, to_string(ErrorCode::limit_exceeded),
                 fmt::format("{} bytes are left of this upload's length; send no more.", room));
}

// The bytes of one PATCH, or of a POST that brings the first ones.
class TusSink final : public BodySink {
 public:
  TusSink(SharedUploads uploads, SharedCall call, Receiving receiving, std::int64_t room,
          std::optional<Checksum> checksum, Response success)
      : uploads_(std::move(uploads)),
        call_(std::move(call)),
        upload_(std::move(receiving.upload)),
        file_(std::move(receiving.file)),
        room_(room),
        checksum_(std::move(checksum)),
        success_(std::move(success)) {}

  std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
    if (static_cast<std::int64_t>(bytes.size()) > room_) {
      // The client asks for the offset next.
      if (!checksum_) (void)file_.keep();
      return tus::marked(too_long(call_->request, room_));
    }
    if (checksum_) checksum_->update(bytes);
    room_ -= static_cast<std::int64_t>(bytes.size());
    if (auto written = file_.write(bytes); !written) return failed(written.error());
    return std::nullopt;
  }

  Response finish() override {
    if (checksum_ && !checksum_->matches()) return mismatch();
    if (auto kept = file_.keep(); !kept) return failed(kept.error());
    auto out = std::move(success_);
    tus::add_offset(out, file_.size());
    if (upload_.size && file_.size() == *upload_.size) {
      const auto made = accept_upload(uploads_->platform, upload_, file_, call_->request.correlation);
      if (!made) return failed(made.error());
      tus::add_made(out, *made);
    } else {
      stay();
    }
    tus::add_expiry(out, upload_);
    return tus::marked(std::move(out));
  }

 private:
  Response failed(const Error& error) const { return tus::marked(problem(call_->request, error)); }

  Response mismatch() {
    const auto undone = file_.undo_trial();
    if (!undone) return failed(undone.error());
    auto out =
        problem(call_->request, 460, "checksum_mismatch",
                fmt::format("The bytes do not have the {} of Upload-Checksum; nothing of them was kept. Send them "
                            "again from offset {}.",
                            checksum_->algorithm(), file_.size()));
    return tus::marked(std::move(out));
  }

  // An upload that goes on is not one that was given up; written down once an hour of a day at most.
  void stay() {
    auto& platform = uploads_->platform;
    const auto now = platform.now_ms();
    const auto whole = platform.options.upload_ms;
    if (upload_.expires_ms - now > whole - whole / 24) return;
    if (platform.uploads.keep_until(upload_.id, now + whole)) upload_.expires_ms = now + whole;
  }

  SharedUploads uploads_;
  SharedCall call_;
  store::Upload upload_;
  UploadFile file_;
  std::int64_t room_;
  std::optional<Checksum> checksum_;
  Response success_;
};

// The sink of a request whose upload is open and whose offset is right.
Opened take_bytes(const SharedUploads& uploads, const SharedCall& call, Receiving receiving, Response success) {
  const auto& request = call->request;
  const auto most = receiving.upload.size.value_or(uploads->platform.options.max_upload_bytes);
  const auto room = most - receiving.file.size();
  if (request.content_length.value_or(0) > room) return answered(too_long(request, room));
  auto checksum = tus::checksum_field(request);
  if (!checksum) return answered(std::move(checksum).error());
  if (*checksum) receiving.file.begin_trial();
  Opened out;
  // One more than there is room for, so that it is this sink which says so.
  out.body_limit = room + 1;
  out.sink =
      std::make_unique<TusSink>(uploads, call, std::move(receiving), room, std::move(*checksum), std::move(success));
  return out;
}

// The length of an upload that was begun without one, where this request brings it.
std::optional<Response> learn_length(UploadContext& context, const Request& request, Receiving& receiving) {
  auto length = tus::number_field(request, "Upload-Length");
  if (!length) return std::move(length).error();
  auto& upload = receiving.upload;
  if (!*length || upload.size == *length) return std::nullopt;
  if (upload.size)
    return problem(request, 400, "invalid_argument",
                   fmt::format("Upload-Length was declared as {}; it does not change.", *upload.size));
  if (**length == 0 || **length < receiving.file.size())
    return problem(request, 400, "invalid_argument",
                   fmt::format("Upload-Length is less than the {} bytes that are here.", receiving.file.size()));
  const std::lock_guard lock(context.admission);
  if (auto no = refuse_upload(context.platform, request, upload.owner, **length, false)) return no;
  if (auto kept = context.platform.uploads.declare_size(upload.id, **length); !kept)
    return problem(request, kept.error());
  upload.size = **length;
  return std::nullopt;
}

// As long as nobody knows the length, each request says how much it brings, and that is its owner's storage.
std::optional<Response> reserve_room(UploadContext& context, const Request& request, const Receiving& receiving) {
  const auto& upload = receiving.upload;
  if (upload.size || !context.platform.quotas) return std::nullopt;
  if (!request.content_length)
    return problem(request, 400, "invalid_argument", "Send Content-Length as long as Upload-Length is not known.");
  const std::lock_guard lock(context.admission);
  if (auto no = refuse_upload(context.platform, request, upload.owner, *request.content_length, false)) return no;
  if (auto kept = context.platform.uploads.reserve(upload.id, receiving.file.size() + *request.content_length); !kept)
    return problem(request, kept.error());
  return std::nullopt;
}

Opened patch(const SharedUploads& uploads, const SharedCall& call) {
  const auto& request = call->request;
  if (auto no = tus::refuse_version(request)) return answered(std::move(*no));
  if (lower(request.headers.get("Content-Type")) != tus::kContentType)
    return answered(problem(request, 415, code_of(415), fmt::format("Send Content-Type: {}.", tus::kContentType)));
  const auto offset = tus::number_field(request, "Upload-Offset");
  if (!offset) return answered(offset.error());
  if (!*offset) return answered(problem(request, 400, "invalid_argument", "Send Upload-Offset."));
  auto mine = own_upload(*uploads, *call, "tus");
  if (!mine) return answered(std::move(mine).error());
  auto receiving = receive_upload(*uploads, request, mine->id);
  if (!receiving) return answered(std::move(receiving).error());
  if (**offset != receiving->file.size()) {
    auto out = problem(
        request, 409, "conflict",
        fmt::format("Upload-Offset is {}, but {} bytes are here; go on from there.", **offset, receiving->file.size()));
    tus::add_offset(out, receiving->file.size());
    return answered(std::move(out));
  }
  if (auto no = learn_length(*uploads, request, *receiving)) return answered(std::move(*no));
  if (auto no = reserve_room(*uploads, request, *receiving)) return answered(std::move(*no));
  return take_bytes(uploads, call, std::move(*receiving), no_content());
}

Response created_response(const Platform& platform, const std::string& id) {
  auto out = json_response(201, json::object{{"uploadId", id}});
  out.headers.set("Location", platform.options.public_url + "/api/uploads/" + id);
  out.headers.set("Cache-Control", "no-store");
  return out;
}

bool brings_bytes(const Request& request) {
  return request.content_length.value_or(0) > 0 || request.headers.find("Transfer-Encoding");
}

std::optional<Response> refuse_creation(const Request& request, const std::optional<std::int64_t>& length) {
  if (request.headers.find("Upload-Concat"))
    return problem(request, 400, "invalid_argument", "Upload-Concat is not offered here; send the upload as one.");
  if (!brings_bytes(request)) return std::nullopt;
  if (lower(request.headers.get("Content-Type")) != tus::kContentType)
    return problem(request, 415, code_of(415),
                   fmt::format("Send the first bytes as Content-Type: {}, or none.", tus::kContentType));
  if (length && request.content_length.value_or(0) > *length) return too_long(request, *length);
  if (auto checksum = tus::checksum_field(request); !checksum) return std::move(checksum).error();
  return std::nullopt;
}

Opened create(const SharedUploads& uploads, const SharedCall& call) {
  const auto& request = call->request;
  if (auto no = tus::refuse_version(request)) return answered(std::move(*no));
  const auto length = tus::declared_length(request);
  if (!length) return answered(length.error());
  auto metadata = tus::metadata_field(request);
  if (!metadata) return answered(std::move(metadata).error());
  if (auto no = refuse_creation(request, *length)) return answered(std::move(*no));

  const auto claim = uploads->keys.claim(*call);
  if (!claim) return answered(claim.error());
  const auto asked = fmt::format("tus\n{}\n{}", length->value_or(-1), metadata->text);
  const auto id = claim->derived_id();
  auto response = created_response(uploads->platform, id);
  if (auto first = claim->earlier(request, asked)) {
    if (first->status == 201) first->headers.set("Location", *response.headers.find("Location"));
    return answered(std::move(*first));
  }
  auto upload = begin_upload(*uploads, *call,
                             {id, "tus", metadata->file_name, *length, metadata->text, std::move(metadata->details)});
  if (!upload) return answered(std::move(upload).error());
  claim->keep(asked, response);
  if (brings_bytes(request)) {
    auto receiving = receive_upload(*uploads, request, id);
    if (!receiving) return answered(std::move(receiving).error());
    return take_bytes(uploads, call, std::move(*receiving), std::move(response));
  }
  tus::add_offset(response, 0);
  tus::add_expiry(response, *upload);
  return answered(std::move(response));
}

// Where the upload is whole but no video yet: the server stopped in between.
std::expected<store::UploadStore::Made, Response> finish_late(UploadContext& context, const Call& call,
                                                              const std::string& id) {
  auto receiving = receive_upload(context, call.request, id);
  if (!receiving) return std::unexpected(std::move(receiving).error());
  auto made = accept_upload(context.platform, receiving->upload, receiving->file, call.request.correlation);
  if (!made) return std::unexpected(problem(call.request, made.error()));
  return std::move(*made);
}

Response head_of(UploadContext& context, const Call& call) {
  if (auto no = tus::refuse_version(call.request)) return std::move(*no);
  auto upload = own_upload(context, call, "tus");
  if (!upload) return std::move(upload).error();
  Response out;
  out.headers.add("Cache-Control", "no-store");
  auto offset = upload->size.value_or(0);
  if (upload->state == "open") {
    const auto there = UploadFile::size_of(context.platform.uploads_dir, upload->id, context.hashes);
    if (!there && there.error().code != ErrorCode::not_found) return problem(call.request, there.error());
    if (!there || upload->expires_ms <= context.platform.now_ms())
      return problem(call.request, 410, "expired", "This upload has expired; begin a new one.");
    offset = *there;
    if (upload->size == offset) {
      auto made = finish_late(context, call, upload->id);
      if (!made) return std::move(made).error();
      tus::add_made(out, *made);
    }
  } else if (const auto made = context.platform.uploads.made(upload->id); made && *made) {
    tus::add_made(out, **made);
  }
  tus::add_offset(out, offset);
  if (upload->size)
    out.headers.add("Upload-Length", std::to_string(*upload->size));
  else
    out.headers.add("Upload-Defer-Length", "1");
  if (!upload->metadata.empty()) out.headers.add("Upload-Metadata", upload->metadata);
  tus::add_expiry(out, *upload);
  return out;
}

Response terminate(UploadContext& context, const Call& call) {
  if (auto no = tus::refuse_version(call.request)) return std::move(*no);
  auto upload = own_upload(context, call, "tus");
  if (!upload) return std::move(upload).error();
  // The lock: nobody writes to what is removed. A complete upload has no bytes here; its video stays.
  auto receiving = receive_upload(context, call.request, upload->id);
  if (!receiving && receiving.error().status == 423) return std::move(receiving).error();
  if (receiving) receiving->file.discard();
  if (auto dropped = drop_upload(context, upload->id); !dropped) return problem(call.request, dropped.error());
  return no_content();
}

Response options_of(const Platform& platform) {
  Response out;
  out.status = 204;
  out.headers.add("Tus-Version", std::string(tus::kVersion));
  out.headers.add("Tus-Extension", std::string(tus::kExtensions));
  out.headers.add("Tus-Max-Size", std::to_string(platform.options.max_upload_bytes));
  out.headers.add("Tus-Checksum-Algorithm", std::string(kTusChecksums));
  return out;
}

// For clients behind something that lets no PATCH or DELETE through.
Opened overridden(const SharedUploads& uploads, const SharedCall& call) {
  const auto method = call->request.headers.get("X-HTTP-Method-Override");
  if (method == "PATCH") return patch(uploads, call);
  if (method == "DELETE") return answered(terminate(*uploads, *call));
  if (method == "HEAD") return answered(head_of(*uploads, *call));
  auto out = problem(call->request, 405, code_of(405),
                     "An upload takes POST only with X-HTTP-Method-Override: PATCH, DELETE or HEAD.");
  out.headers.add("Allow", "HEAD, PATCH, DELETE, POST, OPTIONS");
  return answered(std::move(out));
}

}  // namespace

std::vector<Endpoint> tus_endpoints(const SharedUploads& uploads) {
  using auth::Permission;
  const auto most = uploads->platform.options.max_upload_bytes;
  const std::string all = "/api/uploads", one = "/api/uploads/{id}";
  const auto row = [](std::string method, std::string path, Permission permission, RateClass rate) {
    Endpoint out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.permission = permission;
    out.rate = rate;
    return out;
  };
  std::vector<Endpoint> out;
  for (const auto& path : {all, one})
    out.emplace_back(row("OPTIONS", path, Permission::open, RateClass::none)).handle = [uploads](const Call&) {
      return tus::marked(options_of(uploads->platform));
    };
  out.emplace_back(row("HEAD", one, Permission::write_videos, RateClass::none)).handle = [uploads](const Call& call) {
    return tus::marked(head_of(*uploads, call));
  };
  out.emplace_back(row("DELETE", one, Permission::write_videos, RateClass::api)).handle = [uploads](const Call& call) {
    return tus::marked(terminate(*uploads, call));
  };
  using Begin = Opened (*)(const SharedUploads&, const SharedCall&);
  const auto stream = [&](Endpoint endpoint, Begin begin) {
    endpoint.body_limit = most;
    endpoint.begin = [uploads, begin](SharedCall call) { return begin(uploads, call); };
    out.push_back(std::move(endpoint));
  };
  stream(row("POST", all, Permission::write_videos, RateClass::upload), create);
  stream(row("PATCH", one, Permission::write_videos, RateClass::none), patch);
  stream(row("POST", one, Permission::write_videos, RateClass::none), overridden);
  return out;
}

}  // namespace vf::http
