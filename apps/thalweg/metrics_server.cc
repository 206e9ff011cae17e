#include "thalweg/metrics_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include "thalweg/errno_text.h"

namespace thalweg::cli {
namespace {

constexpr size_t kRequestBytesMax = 4096;
constexpr int kRequestMsMax = 2000;

// One request at a time, each with a bound on its length and its time: the only client there is a
// scraper.
class Server final : public MetricsServer {
 public:
  explicit Server(int listener) : listener_(listener) {
    thread_ = std::thread([this] { Serve(); });
  }
  ~Server() override {
    stop_.store(true);
    thread_.join();
    close(listener_);
  }
  MetricsRegistry& registry() override { return registry_; }

 private:
  void Serve() {
    while (!stop_.load()) {
      pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 100) <= 0) continue;
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      Answer(client);
      close(client);
    }
  }

  void Answer(int client) const {
    std::string request;
    std::array<char, 1024> buffer{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      pollfd ready{.fd = client, .events = POLLIN, .revents = 0};
      if (stop_.load() || poll(&ready, 1, kRequestMsMax) <= 0) return;
      const ssize_t n = read(client, buffer.data(), buffer.size());
      if (n <= 0 || request.size() > kRequestBytesMax) return;
      request.append(buffer.data(), static_cast<size_t>(n));
    }
    std::string status = "200 OK";
    std::string body;
    if (request.starts_with("GET /metrics ")) {
      body = registry_.ToPrometheus();
    } else if (request.starts_with("GET /health ")) {
      body = "ok\n";
    } else {
      status = "404 Not Found";
      body = "only /metrics and /health are here\n";
    }
    const Status written =
        WriteTo(client, "HTTP/1.1 " + status +
                            "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8"
                            "\r\nConnection: close\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
    // A scraper that hung up has no use for its answer.
    static_cast<void>(written.ok());
  }

  const int listener_;
  std::atomic<bool> stop_{false};
  MetricsRegistry registry_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const Context& context, int port) {
  if (port < 0) return std::unique_ptr<MetricsServer>();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return Status::IoError("--metrics-port: " + ErrnoText(errno));
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(listener, generic, size) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, generic, &size) != 0) {
    const int error = errno;
    close(listener);
    return Status::Unavailable("--metrics-port " + std::to_string(port) + ": " + ErrnoText(error));
  }
  if (port == 0) {
    Note(context,
         "metrics: http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/metrics");
  }
  return std::unique_ptr<MetricsServer>(std::make_unique<Server>(listener));
}

}  // namespace thalweg::cli
