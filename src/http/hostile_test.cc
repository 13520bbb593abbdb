#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>
#include <random>
#include <thread>

#include "base/file.h"
#include "base/guarded.h"
#include "http/certificates.h"
#include "http/client.h"
#include "http/server.h"

// What a server meets in the open: torn, doubled, endless and senseless input, and clients that
// leave.

namespace ks::http {
namespace {

using namespace std::chrono_literals;

class Raw {
 public:
  explicit Raw(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  bool send(std::string_view text) { return write_all(fd_.get(), text).ok(); }
  void end() { shutdown(fd_.get(), SHUT_WR); }
  std::string read(std::string_view until = {}) {
    std::string all;
    char buffer[4096];
    while (true) {
      const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      all.append(buffer, static_cast<size_t>(got));
      if (!until.empty() && all.contains(until)) break;
    }
    return all;
  }
  void close() { fd_.reset(); }

 private:
  Fd fd_;
};

void add_websocket(Router& router, Guarded<std::vector<int>>& closed) {
  router.add(Method::get, "/ws", [&closed](Request&) {
    Response response;
    response.websocket = [&closed](const std::shared_ptr<WebSocket>& socket) {
      socket->on_message(
          [socket](WebSocket::Message message) { socket->send(std::move(message)); });
      socket->on_close(
          [&closed, socket](int code) { closed.with([&](auto& all) { all.push_back(code); }); });
    };
    return response;
  });
}

struct Running {
  Guarded<std::vector<int>> closed;  // the codes of WebSockets
  std::atomic<int> handled{0};
  Router router;
  std::unique_ptr<Server> server;

  explicit Running(ServerOptions options = {}) {
    router.add(
        Method::get, "/hello",
        [this](Request&) {
          handled++;
          return Response::text(200, "hello");
        },
        Runs::on_reactor);
    router.add(Method::post, "/echo", [this](Request& r) {
      handled++;
      return Response::text(200, std::move(r.body).take());
    });
    router.add(Method::get, "/throw",
               [](Request&) -> Response { throw std::runtime_error("a bug"); });
    router.add(Method::get, "/wait", [](Request& r) {
      std::latch gone(1);
      std::stop_callback callback(r.stop, [&] { gone.count_down(); });
      gone.wait();
      return Response::text(200, "late");
    });
    add_websocket(router, closed);
    server = Server::start(std::move(options), router).value();
  }
  std::string answer(std::string_view text) {
    Raw client(server->port());
    client.send(text);
    client.end();
    return client.read();
  }
  std::string status(std::string_view text) { return answer(text).substr(0, 12); }
  bool is_alive() {
    return status("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == "HTTP/1.1 200";
  }
  bool wait_for_close(int code) {
    for (int i = 0; i < 500; i++) {
      if (closed.with([&](const auto& all) { return !all.empty() && all.back() == code; }))
        return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

TEST(Hostile, ARequestWithTwoLengthsIsRefused) {
  Running run;
  EXPECT_EQ(run.status("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 400");
  EXPECT_EQ(run.status("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: "
                       "2\r\n\r\nab"),
            "HTTP/1.1 400");
  EXPECT_EQ(run.handled, 0);
}

TEST(Hostile, BadChunksAreRefused) {
  Running run;
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(run.status(head + "zz\r\nab\r\n0\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.status(head + "ffffffffffffffffff\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.status(head + "2\r\nabc\r\n0\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.handled, 0);
}

TEST(Hostile, BadHeadersAreRefused) {
  Running run;
  EXPECT_EQ(run.status("GET /hello HTTP/1.1\r\nHo st: x\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.status("GET /hello HTTP/1.1\r\nNo colon\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.status("GET /hello HTTP/9.9\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.status(std::string("GET /hello HTTP/1.1\r\nA: \0b\r\n\r\n", 30)), "HTTP/1.1 400");
  EXPECT_EQ(run.status("GET http://elsewhere/hello HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(run.status("BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 501");
  EXPECT_EQ(run.status("GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 404");
  EXPECT_EQ(run.handled, 0);
}

TEST(Hostile, AForgedRequestIdIsReplaced) {
  Running run;
  const std::string answer =
      run.answer("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: <script>\r\n\r\n");
  EXPECT_FALSE(answer.contains("script")) << answer;
  EXPECT_TRUE(answer.contains("X-Request-Id: ")) << answer;
}

TEST(Hostile, ARefusedUploadStillReadsItsAnswer) {
  Running run({.max_body_bytes = 1000});
  Raw client(run.server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
  // The client sends on, as clients do, before it looks for an answer.
  EXPECT_TRUE(client.send(std::string(2'000'000, 'x')));
  EXPECT_TRUE(client.read().starts_with("HTTP/1.1 413"));
}

TEST(Hostile, BytesAfterARefusedRequestAreDropped) {
  Running run;
  Raw client(run.server->port());
  client.send("no http\r\n\r\n");
  EXPECT_TRUE(client.read("\r\n\r\n").starts_with("HTTP/1.1 400"));
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  client.end();
  EXPECT_FALSE(client.read().contains("HTTP/1.1"));
  EXPECT_EQ(run.status("POST /echo HTTP/1GET\r\n\r\n" + std::string(200'000, 'x')), "HTTP/1.1 400");
  EXPECT_EQ(run.handled, 0);
}

TEST(Hostile, AHandlerThatThrowsCostsOneAnswer) {
  Running run;
  const std::string answer = run.answer("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500")) << answer;
  EXPECT_FALSE(answer.contains("a bug")) << "what was thrown is for the log";
  EXPECT_TRUE(run.is_alive());
}

TEST(Hostile, SlowSendersAreCutOffAndOthersServed) {
  Running run({.header_timeout = 300ms, .body_timeout = 300ms, .idle_timeout = 300ms});
  Raw drip(run.server->port()), body(run.server->port()), silent(run.server->port());
  body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  for (char c : std::string_view("GET /hello HT")) {
    if (!drip.send(std::string(1, c))) break;
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(run.is_alive());
  EXPECT_TRUE(drip.read().starts_with("HTTP/1.1 408"));
  EXPECT_TRUE(body.read().starts_with("HTTP/1.1 408"));
  EXPECT_EQ(silent.read(), "") << "an idle connection is closed without a word";
  EXPECT_EQ(run.handled, 1);
}

TEST(Hostile, AClientThatLeavesStopsItsHandler) {
  Running run;
  Raw client(run.server->port());
  client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  client.close();
  // Both connection and handler must end; else the drain takes its whole limit.
  const auto started = std::chrono::steady_clock::now();
  run.server->drain(8s);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 7s);
}

TEST(Hostile, TooManyConnectionsAreRefusedAndLaterOnesServed) {
  Running run({.max_connections = 4});
  std::vector<std::unique_ptr<Raw>> all;
  for (int i = 0; i < 4; i++) {
    all.push_back(std::make_unique<Raw>(run.server->port()));
    all.back()->send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(all.back()->read("hello").contains("200 OK"));
  }
  EXPECT_EQ(run.status("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").substr(0, 12), "");
  all.clear();
  bool served = false;
  for (int i = 0; i < 100 && !served; i++) {
    std::this_thread::sleep_for(10ms);
    served = run.is_alive();
  }
  EXPECT_TRUE(served);
}

TEST(Hostile, RandomBytesNeverHurt) {
  Running run;
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"GET ",
                                           "POST ",
                                           "/hello",
                                           "/echo",
                                           " HTTP/1.1\r\n",
                                           "Host: x\r\n",
                                           "\r\n",
                                           "Content-Length: 3\r\n",
                                           "Transfer-Encoding: chunked\r\n",
                                           "3\r\nabc\r\n",
                                           "0\r\n\r\n",
                                           "Connection: Upgrade\r\n",
                                           "Upgrade: websocket\r\n",
                                           std::string("\xff\x00\x7f", 3),
                                           "Expect: 100-continue\r\n"};
  for (int i = 0; i < 300; i++) {
    std::string text;
    for (size_t n = random() % 12; n > 0; n--) text += pieces[random() % pieces.size()];
    for (size_t n = random() % 4; n > 0; n--) text += static_cast<char>(random());
    run.answer(text);
  }
  EXPECT_TRUE(run.is_alive());
}

TEST(Hostile, GarbageOnATlsPortIsClosedAndOthersServed) {
  TempDir dir;
  const Certificates files = ensure_certificates(dir.path(), "127.0.0.1", system_clock()).value();
  Running run({.certificate_file = files.certificate_file,
               .key_file = files.key_file,
               .header_timeout = 300ms});
  std::mt19937 random(7);
  for (int i = 0; i < 20; i++) {
    std::string text = i % 2 == 0 ? "\x16\x03\x01" : "";
    for (int n = 0; n < 200; n++) text += static_cast<char>(random());
    EXPECT_FALSE(run.answer(text).contains("HTTP/"));
  }
  Raw silent(run.server->port());  // never begins its handshake
  auto client = socket_client({.base_url = run.server->url(), .ca_pem = files.ca_pem}).value();
  EXPECT_EQ(client->send(make_request(Method::get, "/hello"))->body.view(), "hello");
  EXPECT_EQ(silent.read(), "");
}

TEST(Hostile, TheServerEndsWhileAHandlerRunsAndAProducerKeepsItsStream) {
  std::shared_ptr<Stream> kept;
  std::latch inside(1), started(1);
  Router router;
  router.add(Method::get, "/slow", [&](Request&) {
    inside.count_down();
    std::this_thread::sleep_for(100ms);
    return Response::text(200, "late");
  });
  router.add(Method::get, "/stream", [&](Request&) {
    Response response;
    response.stream = [&](std::shared_ptr<Stream> stream) {
      kept = std::move(stream);
      started.count_down();
    };
    return response;
  });
  auto server = Server::start({}, router).value();
  Raw slow(server->port()), stream(server->port());
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  stream.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  inside.wait();
  started.wait();
  server.reset();
  EXPECT_TRUE(kept->stop_token().stop_requested());
  EXPECT_FALSE(kept->write("late"));
  kept->close();
}

const std::string kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A client's frame with a mask of zeros.
std::string frame(uint8_t first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0xff);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  return out + std::string(4, '\0') + std::string(payload);
}

TEST(Hostile, AWebSocketHandshakeThatIsNoneIsRefused) {
  Running run;
  Raw client(run.server->port());
  client.send("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_TRUE(client.read("\r\n\r\n").starts_with("HTTP/1.1 4")) << "no key, no version";
  EXPECT_TRUE(run.is_alive());
}

TEST(Hostile, AWebSocketPingIsAnsweredAndBrokenFramesEndIt) {
  Running run;
  Raw client(run.server->port());
  client.send(kUpgrade);
  client.read("\r\n\r\n");
  client.send(frame(0x89, "beat"));
  EXPECT_EQ(client.read("beat"), std::string("\x8a\x04") + "beat");
  client.send(frame(0x83, "reserved opcode"));
  const std::string end = client.read();
  EXPECT_EQ(end.substr(0, 4), std::string("\x88\x02\x03\xea")) << "1002: protocol error";
  EXPECT_TRUE(run.wait_for_close(1006));
}

TEST(Hostile, AnOversizeWebSocketMessageIsRefused) {
  Running run;
  Raw client(run.server->port());
  client.send(kUpgrade);
  client.read("\r\n\r\n");
  client.send(frame(0x82, std::string(9u << 20, 'x')).substr(0, 100));
  EXPECT_EQ(client.read().substr(0, 4), std::string("\x88\x02\x03\xf1")) << "1009: too big";
  EXPECT_TRUE(run.is_alive());
}

TEST(Hostile, TextThatIsNoUtf8EndsAWebSocket) {
  Running run;
  Raw client(run.server->port());
  client.send(kUpgrade);
  client.read("\r\n\r\n");
  client.send(frame(0x81, "\xff\xfe"));
  EXPECT_EQ(client.read().substr(0, 4), std::string("\x88\x02\x03\xef")) << "1007: bad payload";
}

TEST(Hostile, AWebSocketWhoseClientVanishesIsToldAsBroken) {
  Running run;
  Raw client(run.server->port());
  client.send(kUpgrade);
  client.read("\r\n\r\n");
  client.close();
  EXPECT_TRUE(run.wait_for_close(1006));
}

TEST(Hostile, ADrainClosesWebSocketsWithTheirCode) {
  Running run;
  Raw client(run.server->port());
  client.send(kUpgrade);
  client.read("\r\n\r\n");
  std::jthread drainer([&] { run.server->drain(5s); });
  EXPECT_EQ(client.read(std::string("\x03\xe9")).substr(2, 2), std::string("\x03\xe9"))
      << "1001: going away";
  client.send(frame(0x88, "\x03\xe9"));
  EXPECT_TRUE(run.wait_for_close(1001)) << run.closed.with([](const auto& all) {
    return all.empty() ? std::string("none") : std::to_string(all.back());
  });
}

}  // namespace
}  // namespace ks::http
