// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import GatewayCore
import JSONText
import Testing
import Timekeeping

@Suite("Orders to disconnect and reconnect")
struct OrderTests {
    static let path = "/meters/M1/disconnector/orders"
    static let disconnect = #"{"action":"disconnect","reason":"NONPAYMENT","expectedState":"connected"}"#
    static let waiting = "wait=20"

    static func order(
        _ bench: APIBench,
        _ body: String = disconnect,
        key: String = "k1",
        wait: String = waiting,
        path: String = path
    ) async throws -> APIBench.Answer {
        try await bench.send(.post, path, body, headers: ["Idempotency-Key": key, "Prefer": wait])
    }

    /// What the audit log has of an order, the oldest first: stage and outcome.
    static func trail(_ bench: APIBench, _ job: String) async throws -> [String] {
        let records = try await bench.get("/audit?job=\(job)").json["items"]?.array ?? []
        return records.reversed().map { "\($0["stage"]?.string ?? "") \($0["outcome"]?.string ?? "")" }
    }

    @Test func `A disconnection is sent once, read back and recorded`() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let body =
                    #"{"action":"disconnect","expectedState":"connected","readRegistersBefore":["energy-import"]}"#
                let answer = try await Self.order(bench, body)
                #expect(answer.status == 200)
                #expect(answer.json["state"] == "succeeded")
                #expect(answer.json["priority"] == 9)
                #expect(answer.json["kind"] == "disconnect")
                let job = try #require(answer.json["id"]?.string)
                let result = try await bench.get("/jobs/\(job)/executions").json["items"]?[0]?["result"]
                #expect(result?["before"]?["controlState"] == "connected")
                #expect(result?["after"]?["controlState"] == "disconnected")
                #expect(result?["verified"] == true)
                #expect(result?["noop"] == false)
                #expect(result?["registers"]?["items"]?[0]?["value"]?["raw"] == 1_234_567)
                #expect(bench.meter.orders == 1)
                let trail = try await Self.trail(bench, job)
                #expect(trail.contains("sending "))
                #expect(trail.contains("settled succeeded"))
                #expect(try await bench.get("/meters/M1/disconnector").json["allowedOrders"] == ["reconnect"])
            }
        }
    }

    @Test func `A disconnector tells its state with a tag that changes with it`() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/meters/M1/disconnector")
            #expect(answer.json["outputState"] == true)
            #expect(answer.json["controlState"] == "connected")
            #expect(answer.json["controlMode"] == 1)
            #expect(answer.json["allowedOrders"] == ["disconnect"])
            let tag = try #require(answer.headers["ETag"])
            #expect(tag.hasPrefix("W/"))
            #expect(try await bench.get("/meters/M1/disconnector", headers: ["If-None-Match": tag]).status == 304)
            bench.meter.setDisconnector(.readyForReconnection)
            let later = try await bench.get("/meters/M1/disconnector", headers: ["If-None-Match": tag])
            #expect(later.json["controlState"] == "ready-for-reconnection")
        }
    }

    @Test func `A reconnection that waits for the customer says so; one that is not needed does nothing`() async throws
    {
        try await APIBench.run { bench in
            bench.meter.setDisconnector(.disconnected)
            let start = bench.gateway.events.follow().position.text
            try await bench.working {
                let first = try await Self.order(bench, #"{"action":"reconnect"}"#)
                #expect(first.json["state"] == "succeeded")
                let place = try #require(first.headers["Location"])
                let result = try await bench.get(place + "/executions").json["items"]?[0]?["result"]
                #expect(result?["customerActionNeeded"] == true)
                #expect(result?["after"]?["controlState"] == "ready-for-reconnection")
                let second = try await Self.order(bench, #"{"action":"reconnect"}"#, key: "k2")
                #expect(second.json["state"] == "succeeded")
                let again = try #require(second.headers["Location"])
                let noop = try await bench.get(again + "/executions").json["items"]?[0]?["result"]
                #expect(noop?["noop"] == true)
                #expect(noop?["customerActionNeeded"] == true)
                #expect(bench.meter.orders == 1)
                // That nothing was sent the second time is told to those who only hear of events, too.
                let told = try await bench.get(
                    "/events?type=order.executed&limit=2&since=\(start)",
                    headers: ["Accept": "text/event-stream"]
                )
                let events = told.text.split(separator: "\n").filter { $0.hasPrefix("data:") }
                #expect(events.map { $0.contains(#""noop":true"#) } == [false, true])
            }
        }
    }

    @Test func `Fifty equal orders at once, half with a quoted key, are one command`() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let jobs = try await withThrowingTaskGroup(of: String?.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            let key = number % 2 == 0 ? "8e03" : "\"8e03\""
                            let answer = try await Self.order(bench, key: key, wait: "handling=lenient")
                            #expect(answer.status == 202)
                            return answer.json["id"]?.string
                        }
                    }
                    return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
                }
                #expect(jobs.count == 1)
                let replay = try await Self.order(bench, key: "8e03")
                #expect(replay.json["state"] == "succeeded")
                #expect(replay.headers["Idempotency-Replayed"] == "true")
                #expect(bench.meter.orders == 1)
                let other = try await Self.order(bench, #"{"action":"reconnect"}"#, key: "8e03")
                #expect(other.status == 422)
                #expect(other.problem == "idempotency-key-reused")
                let none = try await bench.send(.post, Self.path, Self.disconnect)
                #expect(none.status == 400)
                #expect(none.problem == "idempotency-key-missing")
            }
        }
    }

    @Test func `Of two orders at once the second sees what the first has done, and is not sent`() async throws {
        try await APIBench.run { bench in
            let paths = [
                try await Self.order(bench, key: "k1", wait: "handling=lenient"),
                try await Self.order(bench, key: "k2", wait: "handling=lenient"),
            ].compactMap { $0.headers["Location"] }
            #expect(paths.count == 2)
            try await bench.working {
                // Who waits for his turn does so by the clock of the test.
                var problems: [String] = []
                for path in paths {
                    problems.append(try await bench.finishedExecution(of: path)["problem"]?["type"]?.string ?? "")
                }
                #expect(problems.sorted() == ["", "/docs/problems/unexpected-state"])
                #expect(bench.meter.orders == 1)
            }
        }
    }

    @Test func `An order waits as long as the one before it may still take effect`() async throws {
        try await APIBench.run { bench in
            // The meter says yes, and its switch takes its time.
            bench.meter.state.withLock { $0.ignoresOrders = true }
            try await bench.working {
                let first = try #require(try await Self.order(bench, wait: "handling=lenient").headers["Location"])
                while try await bench.get(first + "/executions").json["items"]?[0]?["state"] != "outcome-unknown" {
                    await Task.yield()
                }
                let taken = try await Self.order(bench, #"{"action":"reconnect"}"#, key: "k2", wait: "handling=lenient")
                let second = try #require(taken.headers["Location"])
                while try await bench.get(second + "/executions").json["items"]?[0]?["state"] != "waiting-for-meter" {
                    await Task.yield()
                }
                #expect(bench.meter.orders == 1)
                bench.meter.setDisconnector(.disconnected)
                bench.meter.state.withLock { $0.ignoresOrders = false }
                #expect(try await bench.finishedExecution(of: first)["state"] == "succeeded")
                #expect(try await bench.finishedExecution(of: second)["state"] == "succeeded")
                #expect(bench.meter.orders == 2)
            }
        }
    }

    @Test func `An order that is cancelled while its meter is asked ends in the audit log`() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.patch, "/meters/M1", #"{"timeouts":{"response":"PT0.3S"},"keepAlive":"PT0S"}"#)
            bench.listener.setAnswering(.silent)
            try await bench.working {
                let place = try #require(try await Self.order(bench, wait: "handling=lenient").headers["Location"])
                while try await bench.get(place + "/executions").json["items"]?[0]?["state"] != "running" {
                    await Task.yield()
                }
                #expect(try await bench.send(.post, place + "/cancel").status < 300)
                #expect(try await bench.finishedExecution(of: place)["state"] == "cancelled")
                let job = try #require(place.split(separator: "/").last.map(String.init))
                #expect(try await Self.trail(bench, job).last == "settled cancelled")
                #expect(bench.meter.orders == 0)
            }
        }
    }

    @Test func `An unexpected state is told, and nothing is sent`() async throws {
        try await APIBench.run { bench in
            bench.meter.setDisconnector(.readyForReconnection)
            try await bench.working {
                let answer = try await Self.order(bench)
                #expect(answer.status == 409)
                #expect(answer.problem == "unexpected-state")
                let job = try #require(answer.json["job"]?.string)
                let execution = try await bench.get("/jobs/\(job)/executions").json["items"]?[0]
                #expect(execution?["state"] == "failed")
                #expect(execution?["problem"]?["type"] == "/docs/problems/unexpected-state")
                #expect(bench.meter.orders == 0)
            }
        }
    }

    @Test(arguments: [(0, "connected", "disconnect"), (0, "disconnected", "reconnect")])
    func `A control mode that forbids an order keeps it from being sent`(
        mode: Int,
        state: String,
        action: String
    ) async throws {
        try await APIBench.run { bench in
            bench.meter.setDisconnector(state == "connected" ? .connected : .disconnected, mode: UInt8(mode))
            try await bench.working {
                let answer = try await Self.order(bench, #"{"action":"\#(action)"}"#)
                #expect(answer.status == 409)
                #expect(answer.problem == "not-allowed-by-control-mode")
                #expect(bench.meter.orders == 0)
            }
        }
    }

    @Test func `A protected meter, a hold and a closed window take no order`() async throws {
        // The bench begins on 2026-11-21, a Saturday.
        let window = try #require(OrderWindow("mon-fri 08:00-15:00", zone: .utc))
        try await APIBench.run(orders: OrderSettings(window: window)) { bench in
            let closed = try await Self.order(bench, key: "a")
            #expect(closed.status == 409)
            #expect(closed.problem == "outside-order-window")
            #expect(closed.json["until"] == "2026-11-23T08:00:00Z")
            _ = try await bench.send(.patch, "/meters/M1", #"{"protected":true}"#)
            let protected = try await Self.order(bench, key: "b")
            #expect(protected.status == 403)
            #expect(protected.problem == "meter-protected")
            _ = try await bench.send(.patch, "/meters/M1", #"{"protected":false}"#)
            let held = try await bench.send(.post, "/system/orders-hold", #"{"reason":"storm"}"#)
            #expect(held.json["held"] == true)
            let reconnection = try await Self.order(bench, #"{"action":"reconnect"}"#, key: "c")
            #expect(reconnection.status == 423)
            #expect(reconnection.problem == "orders-held")
            #expect(try await bench.get("/system/orders-hold").json["reason"] == "storm")
            #expect(try await bench.send(.delete, "/system/orders-hold").json["held"] == false)
            #expect(try await bench.get("/jobs").json["items"]?.array?.isEmpty == true)
            #expect(bench.meter.orders == 0)
        }
    }

    @Test func `A disconnection that could leave only after its window has closed is not sent`() async throws {
        // The window closes half a minute after the bench begins.
        try await APIBench.run(orders: OrderSettings(window: OrderWindow("sat 00:00-23:59", zone: .utc))) { bench in
            let day = bench.clock.now().seconds / 86_400 * 86_400
            bench.clock.set(Timestamp(seconds: day + 86_400 - 60 - 30))
            let taken = try await Self.order(bench, wait: "handling=lenient")
            let place = try #require(taken.headers["Location"])
            try await bench.working {
                var execution: JSONValue?
                while !["waiting-for-meter", "failed", "succeeded"].contains(execution?["state"]?.string ?? "") {
                    execution = try await bench.get(place + "/executions").json["items"]?[0]
                    await Task.yield()
                }
                #expect(execution?["problem"]?["type"] == "/docs/problems/outside-order-window")
                #expect(bench.meter.orders == 0)
            }
        }
    }

    @Test func `A hold stops an order that was taken before, until it expires`() async throws {
        try await APIBench.run { bench in
            let taken = try await Self.order(bench, wait: "handling=lenient")
            let place = try #require(taken.headers["Location"])
            _ = try await bench.send(.post, "/system/orders-hold", "{}")
            try await bench.working {
                while try await bench.get(place + "/executions").json["items"]?[0]?["state"] != "waiting-for-meter" {
                    await Task.yield()
                }
                bench.clock.advance(by: .seconds(901))
                let ended = try await bench.get(place, headers: ["Prefer": Self.waiting])
                #expect(ended.json["state"] == "expired")
                #expect(ended.json["problem"]?["type"] == "/docs/problems/order-expired")
                #expect(bench.meter.orders == 0)
            }
        }
    }

    @Test func `More disconnections in an hour than allowed are refused until the hour is over`() async throws {
        try await APIBench.run(orders: OrderSettings(maxDisconnectsPerHour: 1)) { bench in
            try await bench.working {
                #expect(try await Self.order(bench, key: "a").json["state"] == "succeeded")
                #expect(try await Self.order(bench, #"{"action":"reconnect"}"#, key: "b").json["state"] == "succeeded")
                bench.meter.setDisconnector(.connected)
                let refused = try await Self.order(bench, key: "c")
                #expect(refused.status == 429)
                #expect(refused.problem == "order-limit")
                #expect(refused.headers["Retry-After"] == "3600")
                bench.clock.advance(by: .seconds(3601))
                #expect(try await Self.order(bench, key: "c").json["state"] == "succeeded")
                #expect(bench.meter.orders == 3)
            }
        }
    }

    @Test func `An order waits for its confirmation, and lapses without one`() async throws {
        try await APIBench.run(orders: OrderSettings(confirmation: .own)) { bench in
            try await bench.working {
                let lapsing = try await Self.order(bench, key: "a")
                #expect(lapsing.status == 202)
                #expect(lapsing.json["state"] == "awaiting-confirmation")
                let first = try #require(lapsing.headers["Location"])
                let wrong = try await bench.send(.post, first + "/confirm", #"{"token":"0000"}"#)
                #expect(wrong.status == 409)
                #expect(wrong.problem == "confirmation-mismatch")
                bench.clock.advance(by: .seconds(301))
                let late = try #require(lapsing.json["confirmation"]?["token"]?.string)
                #expect(
                    try await bench.send(.post, first + "/confirm", #"{"token":"\#(late)"}"#).problem == "wrong-state"
                )
                let lapsed = try await bench.get(first, headers: ["Prefer": Self.waiting])
                #expect(lapsed.json["state"] == "expired")
                #expect(lapsed.json["problem"]?["type"] == "/docs/problems/order-unconfirmed")
                #expect(bench.meter.orders == 0)

                let order = try await Self.order(bench, #"{"action":"disconnect","confirm":"none"}"#, key: "b")
                let token = try #require(order.json["confirmation"]?["token"]?.string)
                let place = try #require(order.headers["Location"])
                let confirmed = try await bench.send(.post, place + "/confirm", #"{"token":"\#(token)"}"#)
                #expect(confirmed.status == 200)
                #expect(try await bench.get(place, headers: ["Prefer": Self.waiting]).json["state"] == "succeeded")
                #expect(bench.meter.orders == 1)
                let fourEyes = try await Self.order(bench, #"{"action":"reconnect","confirm":"four-eyes"}"#, key: "c")
                #expect(fourEyes.status == 422)
                #expect(fourEyes.problem == "confirmation-unavailable")
            }
        }
    }

    @Test func `An order for many meters needs their number, and ends after two failures in a row`() async throws {
        try await APIBench.run(orders: OrderSettings(mostTargets: 4)) { bench in
            let meters = ["M1", "M2", "M3", "M4"]
            for meter in meters.dropFirst() {
                _ = try await bench.send(.put, "/meters/\(meter)", bench.configuration(port: 1))
            }
            func job(_ targets: [String], _ key: String) async throws -> APIBench.Answer {
                let list = targets.map { "\"\($0)\"" }.joined(separator: ",")
                return try await Self.order(
                    bench,
                    #"{"kind":"reconnect","target":{"meters":[\#(list)]},"expectedState":"disconnected"}"#,
                    key: key,
                    path: "/jobs"
                )
            }
            #expect(try await job(["M1", "M2", "M3", "M4", "M5"], "a").problem == "value-out-of-range")
            let made = try await job(["M1", "M2"], "b")
            #expect(made.json["confirmation"]?["policy"] == "self")
            #expect(made.json["confirmation"]?["count"] == 2)
            let token = try #require(made.json["confirmation"]?["token"]?.string)
            let place = try #require(made.headers["Location"])
            let uncounted = try await bench.send(.post, place + "/confirm", #"{"token":"\#(token)"}"#)
            #expect(uncounted.problem == "confirmation-mismatch")
            let miscounted = try await bench.send(.post, place + "/confirm", #"{"token":"\#(token)","count":42}"#)
            #expect(miscounted.problem == "confirmation-mismatch")
            let confirmed = try await bench.send(.post, place + "/confirm", #"{"token":"\#(token)","count":2}"#)
            #expect(confirmed.json["state"] == "queued")
        }
    }

    @Test func `An expiry has to lie in the next 24 hours, and what has expired is never sent`() async throws {
        try await APIBench.run { bench in
            for moment in ["2026-11-20T00:00:00Z", "2027-11-20T00:00:00Z"] {
                let body = #"{"action":"disconnect","expiresAt":"\#(moment)"}"#
                #expect(try await Self.order(bench, body).problem == "value-out-of-range")
            }
            let taken = try await Self.order(bench, wait: "handling=lenient")
            bench.clock.advance(by: .seconds(900))
            try await bench.working {
                let place = try #require(taken.headers["Location"])
                let ended = try await bench.get(place, headers: ["Prefer": Self.waiting])
                #expect(ended.json["state"] == "expired")
                let job = try #require(ended.json["id"]?.string)
                let settled = try await Self.trail(bench, job).filter { $0.hasPrefix("settled") }
                #expect(settled == ["settled expired"])
                #expect(try await Self.order(bench).problem == "order-expired")
                #expect(bench.meter.orders == 0)
            }
        }
    }

    @Test func `A dry run tells everything that would keep an order from being sent`() async throws {
        try await APIBench.run(orders: OrderSettings(maxDisconnectsPerHour: 0)) { bench in
            bench.meter.setDisconnector(.readyForReconnection, mode: 0)
            _ = try await bench.send(.patch, "/meters/M1", #"{"protected":true}"#)
            _ = try await bench.send(.post, "/system/orders-hold", "{}")
            let body = #"{"action":"disconnect","expectedState":"connected","confirm":"four-eyes","dryRun":true}"#
            let answer = try await Self.order(bench, body)
            #expect(answer.status == 200)
            #expect(answer.json["wouldSend"] == false)
            let failed = answer.json["checks"]?.array?.filter { $0["ok"] == false }.compactMap { $0["check"]?.string }
            #expect(failed == ["hold", "protected", "confirmation", "expected-state", "control-mode"])
            bench.meter.setDisconnector(.connected)
            _ = try await bench.send(.patch, "/meters/M1", #"{"protected":false}"#)
            _ = try await bench.send(.delete, "/system/orders-hold")
            let spent = try await Self.order(bench, #"{"action":"disconnect","dryRun":true}"#)
            #expect(spent.json["checks"]?.array?.first { $0["check"] == "fuse" }?["ok"] == false)
            let good = try await Self.order(bench, #"{"action":"reconnect","dryRun":true}"#)
            #expect(good.json["noop"] == true)
            #expect(try await bench.get("/jobs").json["items"]?.array?.isEmpty == true)
            #expect(bench.meter.orders == 0)
        }
    }

    @Test(arguments: [true, false])
    func `An order whose answer is lost is never repeated; reading tells what came of it`(acts: Bool) async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.patch, "/meters/M1", #"{"timeouts":{"response":"PT0.3S"},"keepAlive":"PT0S"}"#)
            bench.meter.state.withLock { $0.ignoresOrders = !acts }
            bench.meter.onInvoke = { bench.listener.setAnswering(.silent) }
            try await bench.working {
                let taken = try await Self.order(bench, wait: "handling=lenient")
                let place = try #require(taken.headers["Location"])
                while try await bench.get(place + "/executions").json["items"]?[0]?["state"] != "outcome-unknown" {
                    await Task.yield()
                }
                #expect(try await bench.get(place).json["state"] == "running")
                bench.listener.setAnswering(.prompt)
                bench.meter.onInvoke = nil
                bench.clock.advance(by: .seconds(61))
                let ended = try await Self.order(bench)
                #expect(ended.headers["Idempotency-Replayed"] == "true")
                #expect(bench.meter.orders == 1)
                let execution = try await bench.get(place + "/executions").json["items"]?[0]
                if acts {
                    #expect(ended.json["state"] == "succeeded")
                    #expect(execution?["result"]?["resolvedByReading"] == true)
                    #expect(execution?["result"]?["before"]?["controlState"] == "connected")
                } else {
                    #expect(ended.status == 502)
                    #expect(ended.problem == "order-not-carried-out")
                }
            }
        }
    }

    @Test func `A meter that refuses the command is told as it is, and not asked again`() async throws {
        try await APIBench.run { bench in
            bench.meter.state.withLock { $0.refusesOrders = true }
            try await bench.working {
                let answer = try await Self.order(bench)
                #expect(answer.status == 502)
                #expect(answer.problem == "meter-refused")
                #expect(bench.meter.orders == 1)
            }
        }
    }

    @Test func `A meter that says yes and does nothing has not carried out the order`() async throws {
        try await APIBench.run { bench in
            bench.meter.state.withLock { $0.ignoresOrders = true }
            try await bench.working {
                let taken = try await Self.order(bench, wait: "handling=lenient")
                let place = try #require(taken.headers["Location"])
                while try await bench.get(place + "/executions").json["items"]?[0]?["state"] != "outcome-unknown" {
                    await Task.yield()
                }
                bench.clock.advance(by: .seconds(61))
                #expect(try await Self.order(bench).problem == "order-not-carried-out")
                #expect(bench.meter.orders == 1)
            }
        }
    }

    @Test func `An order by the list of jobs may be as long as any job`() async throws {
        try await APIBench.run { bench in
            let order = #"{"kind":"disconnect","target":{"meters":["M1"]},"expectedState":"connected"}"#
            let body = String(repeating: " ", count: 1_200_000) + order
            let answer = try await Self.order(bench, body, wait: "handling=lenient", path: "/jobs")
            #expect(answer.status == 202, "\(answer.text)")
        }
    }
}
