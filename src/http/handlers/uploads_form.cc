// POST /api/videos: a form as web pages send it, with fields and one file, for what is small enough to be sent
// in one piece.
#include <fmt/format.h>

#include "base/sha256.h"
#include "base/uuid.h"
#include "http/handlers/uploads.h"
#include "http/message/multipart.h"
#include "http/message/problem.h"
#include "http/message/target.h"
#include "http/views.h"

namespace vf::http {
namespace {

using SharedCall = std::shared_ptr<const Call>;

constexpr std::size_t kMostFieldBytes = 64 * 1024;

std::unexpected<Error> bad(std::string_view field, std::string_view message) {
  return std::unexpected(
      Error{ErrorCode::invalid_argument, fmt::format("At /{}: {}", field, message), {}, fmt::format("/{}", field)});
}

// Puts the parts where they belong: fields into `details`, the file onto the disk.
class FormParts final : public PartSink {
 public:
  FormParts(UploadFile& file, std::int64_t most) : file_(file), most_(most) {}

  Result<void> begin(const Part& part) override {
    name_ = part.name;
    text_.clear();
    if (name_ == "file") {
      if (has_file) return bad("file", "expected one file; send each video in a request of its own.");
      has_file = true;
      file_name = clean_file_name(part.filename);
      return {};
    }
    for (const std::string_view known : {"title", "description", "tags", "visibility"})
      if (name_ == known) return {};
    return bad(clean_file_name(name_),
               "nobody knows this field; there are title, description, tags, visibility, file.");
  }

  Result<void> data(std::span<const std::uint8_t> bytes) override {
    if (name_ != "file") {
      if (text_.size() + bytes.size() > kMostFieldBytes)
        return bad(name_, fmt::format("expected at most {} bytes.", kMostFieldBytes));
      text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return {};
    }
    if (file_.size() + static_cast<std::int64_t>(bytes.size()) > most_)
      return fail(ErrorCode::limit_exceeded, fmt::format("This server takes uploads of at most {} bytes.", most_));
    return file_.write(bytes);
  }

  Result<void> end() override {
    if (name_ == "file") return {};
    if (!is_utf8(text_)) return bad(name_, "expected UTF-8 text.");
    if (name_ == "tags")
      details.tags = tags_from(text_);
    else if (!text_.empty())
      (name_ == "title" ? details.title : name_ == "description" ? details.description : details.visibility) = text_;
    return {};
  }

  bool has_file = false;
  std::string file_name;
  VideoDetails details;

 private:
  UploadFile& file_;
  std::int64_t most_;
  std::string name_;
  std::string text_;
};

class FormSink final : public BodySink {
 public:
  FormSink(SharedUploads uploads, SharedCall call, Receiving receiving, IdempotencyKeys::Claim claim)
      : uploads_(std::move(uploads)),
        call_(std::move(call)),
        upload_(std::move(receiving.upload)),
        file_(std::in_place, std::move(receiving.file)),
        claim_(std::move(claim)),
        parts_(*file_, uploads_->platform.options.max_upload_bytes) {}

  // What did not become a video leaves nothing.
  ~FormSink() override {
    if (done_) return;
    file_.reset();
    (void)drop_upload(*uploads_, upload_.id);
  }

  Result<void> begin() {
    parser_.emplace(VF_TRY(MultipartParser::create(call_->request.headers.get("Content-Type"), parts_)));
    return {};
  }

  std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
    if (auto taken = parser_->write(bytes); !taken) return problem(call_->request, taken.error());
    return std::nullopt;
  }

  Response finish() override {
    auto out = accept();
    return out ? std::move(*out) : problem(call_->request, out.error());
  }

 private:
  Result<Response> accept() {
    VF_CHECK(parser_->finish());
    if (!parts_.has_file || file_->size() == 0) return bad("file", "expected the video, not empty.");
    upload_.file_name = parts_.file_name;
    upload_.details = to_json(VF_TRY(checked(std::move(parts_.details))));
    const auto asked = fmt::format("form\n{}\n{}\n{}", upload_.file_name, dump(upload_.details), file_->sha256());
    if (auto first = claim_.earlier(call_->request, asked)) return std::move(*first);
    VF_CHECK(file_->keep());
    auto& platform = uploads_->platform;
    const auto made = VF_TRY(accept_upload(platform, upload_, *file_, call_->request.correlation));
    done_ = true;
    json::object body{{"video", video_json(made.video)}, {"job", nullptr}};
    if (made.job) body["job"] = job_json(*made.job, platform.now_ms());
    auto out = json_response(201, body);
    claim_.keep(asked, out);
    return out;
  }

  SharedUploads uploads_;
  SharedCall call_;
  store::Upload upload_;
  std::optional<UploadFile> file_;
  IdempotencyKeys::Claim claim_;
  FormParts parts_;
  std::optional<MultipartParser> parser_;
  bool done_ = false;
};

Opened answered(Response response) {
  Opened out;
  out.response = std::move(response);
  return out;
}

Opened receive(const SharedUploads& uploads, const SharedCall& call) {
  auto& platform = uploads->platform;
  const auto& request = call->request;
  const auto most = platform.options.max_form_bytes;
  if (request.content_length.value_or(0) > most)
    return answered(problem(request, 413, to_string(ErrorCode::limit_exceeded),
                            fmt::format("The form has {} bytes; at most {} are taken. Send larger videos by tus at "
                                        "/api/uploads, or to an address from /api/storage/upload-url.",
                                        *request.content_length, most)));
  auto claim = uploads->keys.claim(*call);
  if (!claim) return answered(std::move(claim).error());
  // The body is a little more than its file: that much is promised on the disk.
  auto upload = begin_upload(*uploads, *call, {make_uuid(), "multipart", {}, request.content_length, {}, {}});
  if (!upload) return answered(std::move(upload).error());
  auto receiving = receive_upload(*uploads, request, upload->id);
  if (!receiving) return answered(std::move(receiving).error());
  auto sink = std::make_unique<FormSink>(uploads, call, std::move(*receiving), std::move(*claim));
  if (auto begun = sink->begin(); !begun) {
    const int status = begun.error().code == ErrorCode::unsupported_input ? 415 : 400;
    return answered(problem(request, status, code_of(status), begun.error().message));
  }
  Opened out;
  out.body_limit = most;
  out.sink = std::move(sink);
  return out;
}

}  // namespace

std::vector<Endpoint> form_endpoints(const SharedUploads& uploads) {
  Endpoint out{"POST",
               "/api/videos",
               auth::Permission::write_videos,
               RateClass::upload,
               uploads->platform.options.max_form_bytes,
               {},
               {}};
  out.begin = [uploads](SharedCall call) { return receive(uploads, call); };
  return {std::move(out)};
}

}  // namespace vf::http
