// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import JSONText
import Jobs
import Logging
import Testing
import Timekeeping

@Suite("Gaps of profiles")
struct GapTests {
    private static let profile = "/meters/M1/profiles/1.0.99.1.0.255"

    /// Reads a stretch of the profile by a job, which stores it.
    private static func read(_ bench: APIBench, from: String, to: String) async throws {
        let body =
            #"{"kind":"profile-read","target":{"meters":["M1"]},"profile":"1.0.99.1.0.255","from":"\#(from)","to":"\#(to)"}"#
        try await finish(try await bench.send(.post, "/jobs", body), bench)
    }

    private static func finish(_ accepted: APIBench.Answer, _ bench: APIBench) async throws {
        #expect(accepted.status == 202)
        let job = try #require(accepted.headers["Location"])
        try await bench.working {
            let done = try await bench.send(.get, job, headers: ["Prefer": "wait=30"])
            #expect(done.json["state"] == "succeeded")
        }
    }

    @Test func `A profile that was never read is not watched`() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get(Self.profile + "/gaps")
            #expect(answer.status == 200)
            #expect(answer.json["watched"] == false)
            #expect(answer.json["items"] == .array([]))
        }
    }

    @Test func `What was not read between two reads is a gap, and a recovery fills it`() async throws {
        try await APIBench.run { bench in
            try await Self.read(bench, from: "2026-11-20T00:00:00Z", to: "2026-11-20T02:00:00Z")
            try await Self.read(bench, from: "2026-11-20T04:00:00Z", to: "2026-11-20T06:00:00Z")
            let range = "?from=2026-11-20T00:00:00Z&to=2026-11-20T06:00:00Z"
            let before = try await bench.get(Self.profile + "/gaps" + range)
            #expect(before.json["items"]?.array?.count == 1)
            #expect(before.json["items"]?[0]?["missing"] == 8)
            #expect(before.json["items"]?[0]?["from"] == "2026-11-20T03:00:00+01:00")
            #expect(before.json["expected"] == 24)
            #expect(before.json["received"] == 16)
            try await Self.finish(try await bench.send(.post, Self.profile + "/recover"), bench)
            let after = try await bench.get(Self.profile + "/gaps" + range)
            #expect(after.json["items"] == .array([]))
            #expect(after.json["completeness"] == 1)
        }
    }

    @Test func `The gateway finds and fills a gap by itself, once`() async throws {
        try await APIBench.run { bench in
            try await Self.read(bench, from: "2026-11-20T00:00:00Z", to: "2026-11-20T02:00:00Z")
            try await Self.read(bench, from: "2026-11-20T04:00:00Z", to: "2026-11-20T06:00:00Z")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let service = RecoveryService(gateway: bench.gateway, logger: logger)
            #expect(try await service.look() == nil)
            bench.clock.advance(by: LedgerBook.firstRecovery)
            let job = try #require(try await service.look())
            #expect(job.specification.priority == 1)
            // Handed out once, also to another gateway.
            #expect(try await service.look() == nil)
            try await bench.working {
                _ = try await bench.gateway.job(job.id.text, wait: .seconds(30))
            }
            let range = "?from=2026-11-20T00:00:00Z&to=2026-11-20T06:00:00Z"
            #expect(try await bench.get(Self.profile + "/gaps" + range).json["items"] == .array([]))
        }
    }

    /// Rows of billing values at midnight in UTC of these days, as if they had been read.
    private static func note(_ bench: APIBench, _ days: String...) async throws {
        try await bench.store.note(
            LedgerUpdate(
                meter: try #require(MeterID("M1")),
                profile: try #require(OBISCode("1.0.98.1.0.255")),
                capturePeriod: 0,
                zone: "UTC",
                rules: ZoneInfo.utc,
                rows: try days.map { try #require(Timestamp(rfc3339: "\($0)T00:00:00Z")) },
                now: bench.clock.now()
            )
        )
    }

    @Test func `Months without billing values are missing however old they are, also before those read first`()
        async throws
    {
        try await APIBench.run { bench in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let service = RecoveryService(gateway: bench.gateway, logger: logger)
            let (meter, profile) = (try #require(MeterID("M1")), try #require(OBISCode("1.0.98.1.0.255")))
            func missing() async throws -> Int {
                _ = try await service.look()
                let first = try #require(CivilDate(iso8601: "2020-01-01")).daysSinceEpoch
                return try await bench.store.days(
                    of: profile,
                    meter: meter,
                    in: first...first + 5000,
                    isIncomplete: true
                ).count
            }
            try await Self.note(bench, "2024-01-01", "2024-02-01", "2026-10-01", "2026-11-01")
            #expect(try await missing() == 10 + 12 + 9)
            #expect(try await missing() == 10 + 12 + 9)
            try await Self.note(bench, "2022-01-01", "2022-02-01")
            #expect(try await missing() == 10 + 12 + 10 + 12 + 9)
        }
    }

    @Test func `Completeness adds up over meters and tells bad words`() async throws {
        try await APIBench.run { bench in
            try await Self.read(bench, from: "2026-11-20T00:00:00Z", to: "2026-11-20T02:00:00Z")
            let all = try await bench.get("/completeness?from=2026-11-20&to=2026-11-20")
            #expect(all.status == 200)
            #expect(all.json["items"]?[0]?["meter"] == "M1")
            #expect(all.json["total"]?["received"] == 8)
            #expect(
                try await bench.get("/completeness?from=2026-11-20&to=2026-11-20&label=region%3Dsouth").json["items"]
                    == .array([])
            )
            #expect(try await bench.get("/completeness?from=yesterday").problem == "bad-parameter")
            #expect(try await bench.get("/completeness?from=2026-11-21&to=2026-11-20").status == 422)
            #expect(
                try await bench.get(Self.profile + "/gaps?from=2020-01-01T00:00:00Z").problem == "range-not-supported"
            )
        }
    }
}
