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

// A socket in the file system or an address of this machine; what is encoded could be several.
bool IsLocal(std::string_view host) {
  if (host.starts_with("[::1]") || host == "::1") return true;
  host = host.substr(0, host.find(':'));
  if (host.empty() || host.starts_with('/') || host == "localhost") return true;
  if (host.starts_with("%2F") || host.starts_with("%2f")) {
    return host.find("%2C") == std::string_view::npos && host.find("%2c") == std::string_view::npos;
  }
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

struct Parts {
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

// As libpq does: who is in front of the first '@', unless a '/' comes earlier.
Parts Take(std::string_view location) {
  Parts parts;
  const size_t at = location.find_first_of("@/");
  if (at != std::string_view::npos && location[at] == '@') {
    const std::string_view who = location.substr(0, at);
    if (const size_t colon = who.find(':'); colon != std::string_view::npos) {
      parts.password = who.substr(colon + 1);
    }
    location.remove_prefix(at + 1);
  }
  if (const size_t query = location.find('?'); query != std::string_view::npos) {
    if (query + 1 < location.size()) parts.parameters = Split(location.substr(query + 1), '&');
    location = location.substr(0, query);
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
    for (const char* const name : {"PGHOST", "PGHOSTADDR"}) {
      const char* const value = std::getenv(name);
      const auto more = Split(value == nullptr ? "" : value, ',');
      hosts.insert(hosts.end(), more.begin(), more.end());
    }
  }
  return std::ranges::all_of(hosts, IsLocal);
}

}  // namespace

std::vector<std::string> PasswordsOf(std::string_view uri) {
  if (const size_t scheme = uri.find("://"); scheme != std::string_view::npos) {
    uri.remove_prefix(scheme + 3);
  }
  const Parts parts = Take(uri);
  std::vector<std::string> found;
  for (const auto secret : {parts.password, parts.Value("password"), parts.Value("sslpassword")}) {
    if (!secret.empty()) found.emplace_back(secret);
  }
  // A password that is not encoded as it should be is taken apart, and its pieces stand in
  // messages.
  const size_t colon = uri.find(':');
  const size_t at = uri.rfind('@');
  if (colon < at && at != std::string_view::npos) {
    std::string_view rest = uri.substr(colon + 1, at - colon - 1);
    while (!rest.empty()) {
      const size_t end = std::min(rest.find_first_of("@:/?,&"), rest.size());
      if (end > 0) found.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  // What is shorter would blot out the words of messages.
  std::erase_if(found, [](const std::string& secret) { return secret.size() < 3; });
  // Longer ones first, so that no piece of one is left.
  std::ranges::sort(found, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

Result<Database> PostgresqlDatabase(const std::string& location) {
  if (location.find_first_of(" \t\n'") != std::string::npos) {
    return Status::InvalidArgument(
        "postgresql: a place is written "
        "postgresql://[user@][host][:port][/database][?setting=value]");
  }
  const Parts parts = Take(location);
  std::string uri = "postgresql://" + location;
  const auto add = [&](std::string_view setting) {
    const char last = uri.back();
    const bool first = uri.find('?') == std::string::npos;
    uri.append(last == '?' || last == '&' ? "" : first ? "?" : "&").append(setting);
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
  database.options["uri"] = std::move(uri);
  return database;
}

}  // namespace thalweg::connectors
