#include "connectors/postgresql_uri.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace thalweg::connectors {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool InEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// A socket in the file system or an address of this machine.
bool IsLocal(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with("%2F") ||
         host.starts_with("%2f") || host.starts_with("127.") || host.starts_with("[::1]") ||
         host == "::1" || host == "localhost" || host.starts_with("localhost:") ||
         host.starts_with(':');
}

struct Parts {
  std::string_view user;
  std::string_view password;
  std::string_view hosts;  // host:port,host:port
  std::string_view path;
  std::vector<std::string_view> parameters;

  std::string_view Value(std::string_view name) const {
    for (const auto parameter : parameters) {
      if (parameter.starts_with(name) && parameter.substr(name.size()).starts_with('=')) {
        return parameter.substr(name.size() + 1);
      }
    }
    return {};
  }
};

Parts Take(std::string_view location) {
  Parts parts;
  if (const size_t query = location.find('?'); query != std::string_view::npos) {
    parts.parameters = Split(location.substr(query + 1), '&');
    location = location.substr(0, query);
  }
  const size_t at = location.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view who = location.substr(0, at);
    const size_t colon = who.find(':');
    parts.user = who.substr(0, colon);
    if (colon != std::string_view::npos) parts.password = who.substr(colon + 1);
    location.remove_prefix(at + 1);
  }
  const size_t slash = std::min(location.find('/'), location.size());
  parts.hosts = location.substr(0, slash);
  parts.path = location.substr(slash);
  return parts;
}

bool AllLocal(const Parts& parts) {
  std::vector<std::string_view> hosts = Split(parts.hosts, ',');
  for (const char* const name : {"host", "hostaddr"}) {
    const auto more = Split(parts.Value(name), ',');
    hosts.insert(hosts.end(), more.begin(), more.end());
  }
  if (std::ranges::all_of(hosts, &std::string_view::empty)) {
    const char* const host = std::getenv("PGHOST");
    hosts = Split(host == nullptr ? "" : host, ',');
  }
  return std::ranges::all_of(hosts, IsLocal);
}

}  // namespace

Database PostgresqlDatabase(const std::string& location) {
  const Parts parts = Take(location);
  std::string uri = "postgresql://" + location;
  auto add = [&, first = parts.parameters.empty()](std::string_view setting) mutable {
    uri.append(first ? "?" : "&").append(setting);
    first = false;
  };
  // A service file says for itself what it wants.
  const bool service = !parts.Value("service").empty() || InEnvironment("PGSERVICE");
  if (parts.Value("sslmode").empty() && !InEnvironment("PGSSLMODE") && !service &&
      !AllLocal(parts)) {
    add("sslmode=verify-full");
  }
  if (parts.Value("connect_timeout").empty() && !InEnvironment("PGCONNECT_TIMEOUT")) {
    add("connect_timeout=10");
  }
  add("fallback_application_name=thalweg");
  Database database;
  database.driver = "postgresql";
  database.shown = "postgresql://" + std::string(parts.hosts) + std::string(parts.path);
  for (const auto secret : {parts.password, parts.Value("password"), parts.Value("sslpassword")}) {
    if (!secret.empty()) database.secrets.emplace_back(secret);
  }
  database.options["uri"] = std::move(uri);
  return database;
}

}  // namespace thalweg::connectors
