// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Calendars, special days and push set-ups")
struct ConfigurationSheetTests {
    private static let calendar = """
        {"name":"SUMMER","seasons":[{"name":"S1","start":{"month":4,"dayOfMonth":1,"hour":0,"minute":0,"second":0},"week":"W1"}],
         "weekProfiles":[{"name":"W1","monday":1,"tuesday":1,"wednesday":1,"thursday":1,"friday":1,"saturday":2,"sunday":2}],
         "dayProfiles":[{"day":1,"schedule":[{"start":"06:00:00","script":"0.0.10.0.100.255","selector":1}]},
                        {"day":2,"schedule":[{"start":"00:00:00","script":"0.0.10.0.100.255","selector":2}]}]}
        """

    private static func run(_ body: (APIBench) async throws -> Void) async throws {
        try await APIBench.run(serving: KeyMeter(suite: .suite0).begin) { try await body($0) }
    }

    @Test func `A calendar is written, read back and put in force`() async throws {
        try await Self.run { bench in
            let path = "/meters/M1/activity-calendar"
            let before = try await bench.get(path)
            #expect(before.json["active"]?["name"] == "DUAL", "\(before.text)")
            let prepared = try await bench.send(.put, path, #"{"passive":\#(Self.calendar)}"#)
            #expect(prepared.status == 200, "\(prepared.text)")
            #expect(prepared.json["passive"]?["dayProfiles"]?[1]?["schedule"]?[0]?["selector"] == 2)
            #expect(prepared.json["active"]?["name"] == "DUAL")
            let active = try await bench.send(.put, path, #"{"activateAt":"now"}"#)
            #expect(active.json["active"]?["name"] == "SUMMER", "\(active.text)")
            #expect(active.json["active"]?["seasons"]?[0]?["week"] == "W1")
        }
    }

    @Test func `A calendar comes in force at a time`() async throws {
        try await Self.run { bench in
            let answer = try await bench.send(
                .put,
                "/meters/M1/activity-calendar",
                #"{"passive":{"name":"LATER"},"activateAt":"2027-04-01T00:00:00+02:00"}"#
            )
            #expect(answer.json["activateAt"] == "2027-04-01T00:00:00+02:00", "\(answer.text)")
            #expect(answer.json["active"]?["name"] == "DUAL")
        }
    }

    @Test func `The table of special days is replaced`() async throws {
        try await Self.run { bench in
            let path = "/meters/M1/special-days"
            #expect(try await bench.get(path).json["days"]?.array?.count == 3)
            let answer = try await bench.send(
                .put,
                path,
                #"{"days":[{"index":1,"date":{"month":12,"dayOfMonth":25},"day":2},{"index":2,"date":"2027-03-29","day":2}]}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["days"]?[1]?["date"] == "2027-03-29")
            #expect(answer.json["days"]?[0]?["date"]?["month"] == 12)
        }
    }

    @Test func `A push set-up is changed in parts`() async throws {
        try await Self.run { bench in
            let path = "/meters/M1/push-setups/0.1.25.9.0.255"
            let objects = try await bench.get(path).json["objects"]
            let answer = try await bench.send(
                .put,
                path,
                #"{"destination":{"transport":0,"destination":"192.0.2.7:4059","message":0},"retries":5}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["destination"]?["destination"] == "192.0.2.7:4059")
            #expect(answer.json["retries"] == 5)
            #expect(answer.json["objects"] == objects)
        }
    }

    @Test func `What is pushed is written to a meter that nobody has written to`() async throws {
        try await Self.run { bench in
            let answer = try await bench.send(
                .put,
                "/meters/M1/push-setups/0.1.25.9.0.255",
                #"{"objects":[{"class":3,"object":"1.0.1.8.0.255","attribute":2,"dataIndex":0}]}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["objects"]?[0]?["object"] == "1.0.1.8.0.255")
        }
    }

    @Test func `What does not fit is named by its place in the body`() async throws {
        try await Self.run { bench in
            let path = "/meters/M1/activity-calendar"
            let answer = try await bench.send(
                .put,
                path,
                #"{"passive":{"weekProfiles":[{"name":"W","monday":300,"tuesday":1,"wednesday":1,"thursday":1,"friday":1,"saturday":1,"sunday":1}]}}"#
            )
            #expect(answer.problem == "value-out-of-range", "\(answer.text)")
            #expect(answer.json["pointer"] == "/passive/weekProfiles/0/monday")
            #expect(try await bench.send(.put, path, #"{"active":{"name":"NO"}}"#).status == 400)
            #expect(try await bench.send(.put, path, "{}").status == 400)
            #expect(try await bench.get("/meters/M1/push-setups/0.9.25.9.0.255").problem == "object-undefined")
        }
    }
}
