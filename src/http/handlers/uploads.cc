#include "http/handlers/uploads.h"

#include "http/message/problem.h"

namespace vf::http {

Response accepted_response(int status, const store::UploadStore::Made& made) {
  json::object body{{"videoId", made.video.id}, {"jobId", nullptr}};
  if (made.job) body["jobId"] = made.job->id;
  return json_response(status, body);
}

std::vector<Endpoint> upload_endpoints(Platform& platform) {
  const auto uploads = std::make_shared<UploadContext>(platform);
  std::vector<Endpoint> out;
  for (auto rows :
       {tus_endpoints(uploads), presigned_endpoints(uploads), form_endpoints(uploads), import_endpoints(uploads)})
    out.insert(out.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  return out;
}

}  // namespace vf::http
