#include "http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "base/file.h"
#include "base/guarded.h"
#include "base/process.h"
#include "http/certificates.h"

namespace ks::http {
namespace {

/// A bare TCP client: what it writes is what the server sees.
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
  }
  void send(std::string_view text) {
    (void)::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  void end() { shutdown(fd_.get(), SHUT_WR); }
  /// Reads until `until` has been seen, or the end.
  std::string read(std::string_view until = {}) {
    std::string all;
    char buffer[4096];
    while (true) {
      const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      // Only the new part is searched: some tests read many megabytes.
      const size_t from = all.size() - std::min(all.size(), until.size());
      all.append(buffer, static_cast<size_t>(got));
      if (!until.empty() && all.find(until, from) != all.npos) break;
    }
    return all;
  }
  void close() { fd_.reset(); }

 private:
  Fd fd_;
};

Router sample_router() {
  Router router;
  router.add(
      Method::get, "/hello", [](Request& r) { return Response::text(200, "hello " + r.id); },
      Runs::on_reactor);
  router.add(Method::post, "/echo",
             [](Request& r) { return Response::text(200, std::move(r.body).take()); });
  router.add(Method::get, "/count", [](Request&) {
    Response response;
    response.stream = [](const std::shared_ptr<Stream>& stream) {
      for (int i = 0; i < 3; i++) stream->write(std::to_string(i) + "\n");
      stream->close();
    };
    return response;
  });
  return router;
}

struct Running {
  Router router;
  std::unique_ptr<Server> server;
  explicit Running(ServerOptions options = {}, Router with = sample_router())
      : router(std::move(with)) {
    server = Server::start(std::move(options), router).value();
  }
};

std::string curl(std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"curl", "-s", "-m", "10"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_process({.argv = argv, .env = current_environment()}).value().out;
}

TEST(Server, AnswersAndKeepsTheConnection) {
  Running run;
  Raw client(run.server->port());
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc\r\n\r\n");
  EXPECT_TRUE(client.read("hello abc").starts_with("HTTP/1.1 200 OK\r\n"));
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_TRUE(client.read("\r\n\r\nabc").ends_with("abc"));
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  Running run;
  Raw client(run.server->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1GET /hello HTTP/1.1\r\nHost: "
      "x\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\n3");
  const std::string all = client.read();
  const size_t one = all.find("\r\n\r\n1"), two = all.find("hello "),
               three = all.rfind("\r\n\r\n3");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST(Server, StreamsAreChunkedAndEnd) {
  Running run;
  Raw client(run.server->port());
  client.send("GET /count HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string all = client.read("0\r\n\r\n");
  EXPECT_NE(all.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_EQ(curl({run.server->url() + "/count"}), "0\n1\n2\n");
  EXPECT_EQ(curl({"--http1.0", run.server->url() + "/count"}), "0\n1\n2\n");
}

TEST(Server, AnswersAHeadWithoutABodyAndExpectWithContinue) {
  Running run;
  EXPECT_NE(curl({"-I", run.server->url() + "/hello"}).find("Content-Length: 22"),
            std::string::npos);
  Raw client(run.server->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_NE(client.read("\r\n\r\nok").find("200 OK"), std::string::npos);
}

TEST(Server, AClientThatEndsItsSideStillGetsItsAnswer) {
  Running run;
  Raw client(run.server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  client.end();
  EXPECT_TRUE(client.read().ends_with("hi"));
}

TEST(Server, LimitsAnswerWithTheirStatus) {
  Running run({.max_header_bytes = 1000,
               .max_body_bytes = 100,
               .header_timeout = std::chrono::milliseconds(300)});
  auto status = [&](std::string_view text) {
    Raw client(run.server->port());
    client.send(text);
    return client.read().substr(0, 12);
  };
  EXPECT_EQ(status("GET /" + std::string(2000, 'x') + " HTTP/1.1\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nA: " + std::string(2000, 'x')), "HTTP/1.1 431");
  EXPECT_EQ(status("POST /echo HTTP/1.1\r\nContent-Length: 101\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" +
                   std::string(255, 'x') + "\r\n0\r\n\r\n"),
            "HTTP/1.1 413");
  EXPECT_EQ(status("GET /hello HTTP/1.1\r\nHost"), "HTTP/1.1 408");
  EXPECT_EQ(status("no http at all\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(
      status(std::string("\x16\x03\x01\x02\x00\x01\x00", 7) + std::string(100, 'x') + "\r\n\r\n"),
      "HTTP/1.1 400");
  EXPECT_EQ(status("POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n"), "HTTP/1.1 404");
  EXPECT_EQ(status("DELETE /hello HTTP/1.1\r\nConnection: close\r\n\r\n"), "HTTP/1.1 405");
}

TEST(Server, ASlowReaderOfAStreamIsCutOffAndOthersAreNot) {
  Router router;
  std::shared_ptr<Stream> slow_stream, quick_stream;
  std::latch both(2);
  router.add(Method::get, "/stream/{who}", [&](Request& request) {
    Response response;
    auto& kept = request.param("who") == "slow" ? slow_stream : quick_stream;
    response.stream = [&both, &kept](std::shared_ptr<Stream> stream) {
      kept = std::move(stream);
      both.count_down();
    };
    return response;
  });
  Running run({.max_stream_queue_bytes = 1 << 20}, std::move(router));
  Raw slow(run.server->port()), quick(run.server->port());
  slow.send("GET /stream/slow HTTP/1.1\r\nHost: x\r\n\r\n");
  quick.send("GET /stream/quick HTTP/1.1\r\nHost: x\r\n\r\n");
  std::jthread reader([&] { EXPECT_GT(quick.read("the end").size(), 24u << 20); });
  both.wait();
  auto chunk = std::make_shared<const std::string>(64 << 10, 'x');
  int refused_slow = 0, refused_quick = 0;
  for (int i = 0; i < 400; i++) {
    // The quick one is written to at its own speed; the slow one never reads.
    std::latch drained(1);
    quick_stream->when_drained(512 << 10, [&] { drained.count_down(); });
    drained.wait();
    if (!slow_stream->write(chunk)) refused_slow++;
    if (!quick_stream->write(chunk)) refused_quick++;
  }
  EXPECT_GT(refused_slow, 0);
  EXPECT_TRUE(slow_stream->stop_token().stop_requested());
  EXPECT_EQ(refused_quick, 0);
  EXPECT_TRUE(quick_stream->write(std::string("the end")));
  quick_stream->close();
}

TEST(Server, AWriterLearnsThatTheClientVanished) {
  Router router;
  std::shared_ptr<Stream> kept;
  std::latch started(1);
  router.add(Method::get, "/stream", [&](Request&) {
    Response response;
    response.stream = [&](std::shared_ptr<Stream> stream) {
      kept = std::move(stream);
      started.count_down();
    };
    return response;
  });
  Running run({}, std::move(router));
  Raw client(run.server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  started.wait();
  std::latch stopped(1);
  std::stop_callback callback(kept->stop_token(), [&] { stopped.count_down(); });
  client.close();
  stopped.wait();
  EXPECT_FALSE(kept->write(std::string("late")));
}

TEST(Server, DrainEndsStreamsProperlyAndRefusesNewConnections) {
  Router router;
  std::latch started(1);
  router.add(Method::get, "/stream", [&](Request&) {
    Response response;
    response.stream = [&](const std::shared_ptr<Stream>& stream) {
      stream->write(std::string("first"));
      auto callback = std::make_shared<std::optional<std::stop_callback<std::function<void()>>>>();
      callback->emplace(stream->stop_token(), [stream] {
        stream->write(std::string("last"));
        stream->close();
      });
      static std::shared_ptr<void> keep;
      keep = callback;
      started.count_down();
    };
    return response;
  });
  Running run({}, std::move(router));
  Raw client(run.server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  started.wait();
  client.read("first");
  std::jthread drainer([&] { run.server->drain(std::chrono::seconds(5)); });
  EXPECT_NE(client.read().find("last\r\n0\r\n\r\n"), std::string::npos);
}

TEST(Server, APortInUseIsNamed) {
  Running run;
  Result<std::unique_ptr<Server>> second = Server::start({.port = run.server->port()}, run.router);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("in use"), std::string::npos) << second.error().message;
}

TEST(Server, ServesTlsWithItsOwnAuthority) {
  TempDir dir;
  const Certificates files = ensure_certificates(dir.path(), "127.0.0.1", system_clock()).value();
  Running run({.certificate_file = files.certificate_file,
               .key_file = files.key_file,
               .access_log_file = dir / "access"});
  EXPECT_TRUE(
      curl({"--cacert", files.ca_file, run.server->url() + "/hello"}).starts_with("hello "));
  EXPECT_EQ(curl({"--cacert", files.ca_file, run.server->url() + "/count"}), "0\n1\n2\n");
  const std::string large(200'000, 'x');
  ASSERT_TRUE(write_file_atomic(dir / "large", large).ok());
  EXPECT_EQ(curl({"--cacert", files.ca_file, "--data-binary", "@" + (dir / "large"),
                  run.server->url() + "/echo"}),
            large);
  EXPECT_EQ(curl({run.server->url() + "/hello"}), "")
      << "a client that does not know the authority must refuse";
  Raw plain(run.server->port());
  plain.send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_EQ(plain.read().find("hello"), std::string::npos);
}

TEST(Server, ResumesTlsSessions) {
  TempDir dir;
  const Certificates files = ensure_certificates(dir.path(), "127.0.0.1", system_clock()).value();
  Running run({.certificate_file = files.certificate_file, .key_file = files.key_file});
  const std::string request = dir / "request", session = dir / "session";
  ASSERT_TRUE(
      write_file_atomic(request, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          .ok());
  const auto connect = [&](const char* how) {
    const Fd in = open_file(request, O_RDONLY).value();
    return run_process({.argv = {"openssl", "s_client", "-connect",
                                 "127.0.0.1:" + std::to_string(run.server->port()), "-CAfile",
                                 files.ca_file, "-ign_eof", how, session},
                        .env = current_environment(),
                        .stdin_fd = in.get()})
        .value()
        .out;
  };
  EXPECT_TRUE(connect("-sess_out").contains("New, TLSv1.3"));
  const std::string second = connect("-sess_in");
  EXPECT_TRUE(second.contains("Reused, TLSv1.3")) << second;
  EXPECT_TRUE(second.contains("HTTP/1.1 200 OK"));
}

TEST(Certificates, AreKeptUntilTheyExpire) {
  TempDir dir;
  ManualClock clock;
  const Certificates first = ensure_certificates(dir.path(), "127.0.0.1", clock).value();
  const std::string before = *read_file(first.certificate_file);
  EXPECT_EQ(ensure_certificates(dir.path(), "127.0.0.1", clock)->ca_pem, first.ca_pem);
  EXPECT_EQ(*read_file(first.certificate_file), before);
  clock.advance(std::chrono::hours(24 * 350));
  EXPECT_EQ(ensure_certificates(dir.path(), "127.0.0.1", clock)->ca_pem, first.ca_pem);
  EXPECT_NE(*read_file(first.certificate_file), before);
}

TEST(WebSocket, EchoesMessagesThroughARealClient) {
  Router router;
  router.add(Method::get, "/ws", [](Request&) {
    Response response;
    response.websocket_protocols = {"v4.channel.k8s.io"};
    response.websocket = [](const std::shared_ptr<WebSocket>& socket) {
      socket->on_message(
          [socket](WebSocket::Message message) { socket->send(std::move(message)); });
      socket->on_close([socket](int) {});
    };
    return response;
  });
  Running run({}, std::move(router));
  Raw client(run.server->port());
  client.send(
      "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: other, v4.channel.k8s.io\r\nSec-WebSocket-Key: "
      "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  const std::string head = client.read("\r\n\r\n");
  EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << head;
  EXPECT_NE(head.find("v4.channel.k8s.io"), std::string::npos) << head;
  // "Hi" masked with 0, in two fragments, then a close frame with code 1000.
  client.send(std::string("\x01\x81\x00\x00\x00\x00H", 7));
  client.send(std::string("\x80\x81\x00\x00\x00\x00i", 7));
  EXPECT_EQ(client.read("Hi"), std::string("\x81\x02Hi"));
  client.send(std::string("\x88\x82\x00\x00\x00\x00\x03\xe8", 8));
  EXPECT_EQ(client.read().substr(0, 4), std::string("\x88\x02\x03\xe8"));
}

}  // namespace
}  // namespace ks::http
