// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import JSONText
import MeterTransport
import Testing

@testable import MeterSimulator

@Suite struct ScenarioReadingTests {
    private func read(_ text: String) throws(ScenarioError) -> Scenario {
        try Scenario(text: Array(text.utf8))
    }

    private func line(_ members: String) throws(ScenarioError) -> Scenario {
        try read(#"{"name": "test", "lines": [{"listen": {"type": "tcp", "port": 4059}\#(members)}]}"#)
    }

    @Test func theShortestScenarioIsOneMeterOnATCPPort() throws {
        let scenario = try line("")
        #expect(scenario.seed == 1)
        #expect(scenario.meterCount == 1)
        let line = try #require(scenario.lines.first)
        #expect(line.place == .tcp(host: "127.0.0.1", port: 4059))
        #expect(line.framing == .wrapper)
        #expect(line.connections == .any)
        #expect(line.pacing == nil)
        #expect(line.meters.map(\.faults) == [[]])
    }

    @Test func everythingThatCanBeSaidIsRead() throws {
        let scenario = try read(
            """
            {"name": "all", "description": "everything", "seed": 7, "repeat": true,
             "phases": [{"name": "calm", "for": "PT10S"}, {"name": "storm", "for": "500ms"}],
             "lines": [
               {"listen": {"type": "pseudoterminal", "path": "/tmp/line"}, "framing": "hdlc", "baud": 300, "count": 2,
                "faults": [{"fault": "echo"}],
                "meters": [
                  {"physicalDevice": 17, "number": 5, "suite": 1, "pduSize": 128, "rows": 10, "clockAhead": "PT30S",
                   "offsetMinutes": 120, "quirks": {"lists": "refused", "actionBlockContent": "data",
                     "readBlockContent": "complete", "protectionRefusal": "silence", "generalBlockWindow": 3,
                     "frameLength": 64, "window": 1, "linkParameters": false, "answersCallingDevice": false,
                     "notReadyTurns": 2, "inactivityTimeout": "PT0S", "interOctetTimeout": "200ms"}},
                  {"physicalDevice": 18, "faults": [
                    {"fault": "delay", "time": "200ms", "jitter": "PT0.1S", "probability": 0.25, "during": ["storm"]},
                    {"fault": "corrupt", "octets": 2, "of": "requests", "every": 7, "after": 3, "times": 9,
                     "from": "PT1S", "until": "PT1M"}]}]},
               {"listen": {"type": "dial-in", "port": 5000, "greeting": "IMEI 1\\r\\n", "again": "PT1S"},
                "connections": "one-refusing"},
               {"listen": {"type": "tls", "host": "::1", "port": 0, "certificate": "c.pem", "key": "k.pem"}},
               {"listen": {"type": "udp", "port": 4060}, "count": 3}
             ]}
            """
        )
        #expect(scenario.phases.isRepeated)
        #expect(scenario.phases.phases.map(\.length) == [.seconds(10), .milliseconds(500)])
        #expect(scenario.meterCount == 9)
        let first = scenario.lines[0]
        #expect(first.pacing == LinePacing(baud: 300))
        #expect(first.meters.map(\.physicalDevice) == [17, 18])
        #expect(first.meters[0].options.server.lists == .refused)
        #expect(first.meters[0].options.clockShiftSeconds == 30)
        var link = HDLCServerSettings()
        link.limits = HDLCLimits(
            informationTransmit: 64,
            informationReceive: 64,
            windowTransmit: 1,
            windowReceive: 1
        )
        link.takesParameters = false
        link.answersCallingDevice = false
        link.notReadyTurns = 2
        link.inactivityTimeout = nil
        link.interOctetTimeout = .milliseconds(200)
        #expect(first.meters[0].options.link == link)
        #expect(
            first.meters[1].faults == [
                Fault(.echo),
                Fault(
                    .delay(.milliseconds(200), jitter: .milliseconds(100)),
                    when: .init(probability: 0.25, phases: ["storm"])
                ),
                Fault(
                    .corruption(octets: 2),
                    to: .requests,
                    when: .init(every: 7, after: 3, times: 9, from: .seconds(1), until: .seconds(60))
                ),
            ]
        )
        #expect(
            scenario.lines[1].place
                == .dialIn(host: "127.0.0.1", port: 5000, greeting: Array("IMEI 1\r\n".utf8), again: .seconds(1))
        )
    }

    @Test(arguments: Fault.Name.allCases)
    func everyFaultIsRead(_ name: Fault.Name) throws {
        let amount =
            switch name {
            case .delay: #", "time": "PT1S""#
            case .trickle: #", "octetTime": "20ms""#
            default: ""
            }
        let scenario = try line(#", "framing": "hdlc", "faults": [{"fault": "\#(name.rawValue)"\#(amount)}]"#)
        #expect(scenario.lines[0].meters[0].faults.map(\.effect.name) == [name])
    }

    @Test func aMisspeltWordIsRefusedWithItsPlaceAndTheNearestOne() {
        #expect {
            try read(
                """
                {"name": "x",
                 "lines": [{"listen": {"type": "tcp", "port": 1},
                   "faults": [{"fualt": "loss"}]}]}
                """
            )
        } throws: { error in
            "\(error)"
                == "line 3, column 16: the member 'fualt' is not known, at /lines/0/faults/0/fualt; did you mean 'fault'?"
        }
        #expect { try line(#", "faults": [{"fault": "lost"}]"#) } throws: { error in
            "\(error)".hasSuffix("did you mean 'loss'?")
        }
        #expect { try line(#", "framming": "hdlc""#) } throws: { error in
            "\(error)".hasSuffix("did you mean 'framing'?")
        }
    }

    @Test func aFileThatIsNoJSONIsRefusedWithItsPlace() {
        #expect { try read("{\"name\": \"x\",\n \"lines\": [}") } throws: { error in
            (error as? ScenarioError)?.place == JSONPlace(line: 2, column: 12)
        }
    }

    @Test(arguments: [
        #", "faults": [{"fault": "loss", "probability": 2}]"#,
        #", "faults": [{"fault": "loss", "from": "PT2S", "until": "PT1S"}]"#,
        #", "faults": [{"fault": "loss", "during": ["storm"]}]"#,
        #", "faults": [{"fault": "silence", "of": "requests"}]"#,
        #", "faults": [{"fault": "wrong-checksum"}]"#,
        #", "faults": [{"fault": "delay", "time": 3}]"#,
        #", "faults": [{"fault": "delay"}]"#,
        #", "meters": [{"quirks": {"frameLength": 64}}]"#,
        #", "count": 70000"#,
        #", "count": 62000"#,
        #", "baud": 5"#,
        #", "meters": []"#,
        #", "meters": [{}, {}]"#,
        #", "meters": [{"device": "1"}]"#,
        #", "meters": [{"physicalDevice": 1}]"#,
        #", "framing": "hdlc", "meters": [{"physicalDevice": 17}, {"physicalDevice": 17}]"#,
        #", "framing": "hdlc", "meters": [{"physicalDevice": 17}, {}]"#,
        #", "framing": "iec62056-21", "meters": [{"device": "1"}, {"device": "1"}]"#,
    ])
    func whatMakesNoSenseIsRefused(_ members: String) {
        #expect(throws: ScenarioError.self) { try line(members) }
    }

    @Test(arguments: [
        ("udp", "trickle\", \"octetTime\": \"PT1S"), ("udp", "cut"), ("udp", "half-open"), ("pseudoterminal", "close"),
        ("pseudoterminal", "refuse"),
    ])
    func faultsThatAMediumCannotHaveAreRefused(_ medium: String, _ fault: String) {
        let place = medium == "udp" ? #""port": 1"# : #""path": "/tmp/x""#
        #expect {
            try read(
                #"{"name": "x", "lines": [{"listen": {"type": "\#(medium)", \#(place)}, "faults": [{"fault": "\#(fault)"}]}]}"#
            )
        } throws: { error in "\(error)".contains("/lines/0/faults/0/fault") }
    }
}
