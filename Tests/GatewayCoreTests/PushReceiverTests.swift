// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSSecurity
import Fleet
import JSONText
import MeterTransport
import Testing
import Timekeeping

@testable import DLMSEngine
@testable import GatewayCore

@Suite("Taking pushes", .serialized)
struct PushReceiverTests {
    private static let key = "000102030405060708090A0B0C0D0E0F"
    private static let authenticationKey = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
    private static let title: [UInt8] = [0x4B, 0x41, 0x4D, 1, 2, 3, 4, 5]

    private static func notification(
        _ energy: UInt32 = 5,
        id: UInt32 = 1,
        time: [UInt8] = [0x07, 0xEA, 11, 22, 7, 8, 15, 0, 0, 0xFF, 0xC4, 0],
        name: [UInt8] = [1, 0, 1, 8, 0, 255]
    ) -> DataNotification {
        DataNotification(
            invoke: LongInvokeIDAndPriority(invokeID: id, isConfirmed: true),
            dateTime: time,
            body: .structure([.octetString(name), .doubleLongUnsigned(energy)])
        )
    }

    /// A message of the meter, protected with its keys.
    private static func sealed(_ apdu: [UInt8], counter: UInt32, title: [UInt8] = title) throws -> [UInt8] {
        let protection = try MessageProtection(
            suite: .suite0,
            encryptionKey: Secret(try #require(Hexadecimal.octets(of: key))),
            authenticationKey: Secret(try #require(Hexadecimal.octets(of: authenticationKey)))
        )
        let control = SecurityControl(suite: .suite0, isAuthenticated: true, isEncrypted: true)
        let content = try protection.protect(
            apdu,
            control: control,
            systemTitle: title,
            invocationCounter: counter
        )
        return GeneralKeyCiphering(key: .global, systemTitle: title, content: content).octets
    }

    private static var secured: String {
        PushBench.security(key, authenticationKey) + #","push":{"identities":["4B414D0102030405"]}"#
    }

    /// The ways that a capture takes to the gateway.
    enum Way: CaseIterable {
        case tcp, udp, hdlcOverTCP, asCaptured
    }

    @Test("Every capture arrives and becomes readings, whichever way it comes", arguments: Way.allCases)
    func captures(_ way: Way) async throws {
        let captures = try PushCapture.all()
        #expect(captures.count == 5)
        try await PushBench.run { bench in
            for capture in captures {
                let notification = try #require(capture.notification)
                let content = try #require(PushDecoder().content(of: notification.body))
                var members = #""push":{"identities":["\#(capture.params?.system_title ?? content.names[0])"]}"#
                if let key = capture.params?.encryption_key, let other = capture.params?.authentication_key {
                    members += "," + PushBench.security(key, other)
                }
                let id = capture.name.split(separator: "_").joined(separator: "-")
                let meter = try await bench.register(id, at: "127.0.0.1", members)
                let isDatagram = way == .udp || way == .asCaptured && capture.params?.frames == nil
                let sender = try PushSocket(port: bench.listener.port, isDatagram: isDatagram)
                for octets in try Self.octets(of: capture, way) { sender.write(octets) }
                if notification.invoke.isConfirmed {
                    let answer = sender.read()
                    #expect(answer.contains(0x10), "\(capture.name)")
                }
                let expected = content.values.filter { $0.attribute.isReading && $0.data != .nullData }
                let readings = try await bench.readings(of: meter, atLeast: expected.count)
                #expect(
                    Set(readings.map(\.series.object)) == Set(expected.map(\.attribute.logicalName)),
                    "\(capture.name)"
                )
                for value in expected {
                    let reading = readings.first { $0.series.object == value.attribute.logicalName }
                    #expect(reading?.value == ReadingValue(value.data), "\(capture.name) \(value.attribute.key)")
                    #expect(reading?.scalerUnit == value.scalerUnit)
                    #expect(reading?.reasons.contains("unprotected") == (capture.params?.system_title == nil))
                }
            }
            #expect(bench.intake.counters.losses.isEmpty)
        }
    }

    private static func octets(of capture: PushCapture, _ way: Way) throws -> [[UInt8]] {
        switch way {
        case .tcp, .udp:
            return [try #require(WrapperFrame(sourcePort: 1, destinationPort: 102, payload: capture.apdu)).octets]
        case .asCaptured: return [try #require(Hexadecimal.octets(of: capture.hex))]
        case .hdlcOverTCP:
            let server = try #require(HDLCAddress(width: .two, upper: 1, lower: 17))
            let message = HDLCInformationReassembler.Message(header: .response, apdu: capture.apdu)
            let segments = message.segments(longest: 126)
            return try segments.enumerated().map { index, information in
                try #require(
                    HDLCFrame(
                        destination: HDLCAddress(client: 102),
                        source: server,
                        control: HDLCControl(.unnumberedInformation, isPollOrFinal: true),
                        information: information,
                        isSegmented: index < segments.count - 1
                    )
                ).octets
            }
        }
    }

    @Test("A protected push proves its meter wherever it comes from, and its confirmation is protected")
    func proven() async throws {
        try await PushBench.run { bench in
            let meter = try await bench.register("M1", at: "198.51.100.7", Self.secured)
            let notification = Self.notification()
            var answers = bench.push(try Self.sealed(notification.octets, counter: 7)).makeAsyncIterator()
            let answer = try #require(await answers.next())
            #expect(answer.first == 0xDB)
            var meterSide = try NotificationOpener(
                SecuritySettings(
                    clientSystemTitle: Self.title,
                    blockCipherKey: Secret(try #require(Hexadecimal.octets(of: Self.key))),
                    authenticationKey: Secret(try #require(Hexadecimal.octets(of: Self.authenticationKey)))
                )
            )
            let opened = try meterSide.open(answer)
            #expect(opened.apdu == DataNotificationConfirm(invoke: notification.invoke).octets)
            #expect(opened.protection.isAuthenticated)
            // What is confirmed is kept.
            let readings = try await bench.readings(of: meter)
            #expect(readings.map(\.value) == [.integer(5)])
            #expect(readings.first?.reasons == [])
            #expect(readings.first?.at == Timestamp(rfc3339: "2026-11-22T07:15:00Z"))
            #expect(readings.first?.detail?.origin == .push)
        }
    }

    @Test("What was recorded is refused; what comes again for want of its confirmation is confirmed and kept once")
    func replay() async throws {
        try await PushBench.run { bench in
            let meter = try await bench.register("M1", at: "198.51.100.7", Self.secured)
            let old = try Self.sealed(Self.notification(5).octets, counter: 7)
            let new = try Self.sealed(Self.notification(6, id: 2).octets, counter: 8)
            for apdu in [old, new, new] {
                var answers = bench.push(apdu).makeAsyncIterator()
                #expect(await answers.next() != nil)
            }
            _ = bench.push(old, from: "203.0.113.9")
            #expect(await bench.refusal(of: "203.0.113.9") == "replayed")
            // Another message with the same counter is none of the meter's either.
            _ = bench.push(try Self.sealed(Self.notification(9).octets, counter: 8), from: "203.0.113.10")
            #expect(await bench.refusal(of: "203.0.113.10") == "replayed")
            let marks = try await bench.store.pushMarks(of: meter)
            #expect(marks.map(\.value) == [8])
            // Another process that takes messages of the same meter knows what was used.
            let desk = PushDesk(
                store: bench.store,
                directory: bench.gateway.directory,
                policy: PushPolicy()
            )
            let arrival = PushArrival(
                address: "192.0.2.1",
                transport: .tcp,
                message: PushedMessage(apdu: old, route: .bare),
                receivedAt: .now
            ) { _, _ in }
            await #expect(throws: PushRefusal.replayed) { try await desk.judge(arrival) }
        }
    }

    @Test("What no key opens is refused")
    func notDeciphered() async throws {
        try await PushBench.run { bench in
            _ = try await bench.register("M1", at: "198.51.100.7", Self.secured)
            var damaged = try Self.sealed(Self.notification().octets, counter: 7)
            damaged[damaged.count - 1] ^= 1
            _ = bench.push(damaged)
            #expect(await bench.refusal() == "not-deciphered")
            _ = bench.push(try Self.sealed([0xC0, 1], counter: 8), from: "203.0.113.9")
            #expect(await bench.refusal(of: "203.0.113.9") == "undecodable")
        }
    }

    @Test("An unknown sender shows by what it could be configured, and is taken once it is")
    func unknown() async throws {
        try await PushBench.run { bench in
            let apdu = try Self.sealed(Self.notification().octets, counter: 7)
            _ = bench.push(apdu)
            #expect(await bench.refusal() == "unknown-sender")
            #expect(bench.gateway.pushSenders.first?.status.names == ["4B414D0102030405"])
            #expect(bench.gateway.pushSenders.first?.status.lastOctets == Array(apdu.prefix(64)))
        }
    }

    /// Policy, address, members of the configuration, and why it is refused.
    private static let policies: [(PushPolicy.Unprotected, String, String, String?)] = {
        let keys = secured(nil)
        return [
            (.never, "192.0.2.1", "", "unprotected"),
            (.knownAddress, "192.0.2.1", "", nil),
            (.knownAddress, "198.51.100.7", "", "unprotected"),
            (.any, "198.51.100.7", "", nil),
            (.any, "192.0.2.1", keys, "unprotected"),
            (.never, "192.0.2.1", secured(true), nil),
            (.any, "192.0.2.1", #""push":{"acceptUnprotected":false}"#, "unprotected"),
        ]
    }()

    private static func secured(_ accepts: Bool?) -> String {
        let security = PushBench.security(key, authenticationKey)
        guard let accepts else { return security }
        return security + ",\"push\":{\"acceptUnprotected\":\(accepts)}"
    }

    @Test(
        "Unprotected pushes are taken as the policy says, and never of a meter with keys unless it is told",
        arguments: policies
    )
    func unprotected(
        _ policy: PushPolicy.Unprotected,
        _ address: String,
        _ members: String,
        _ refusal: String?
    ) async throws {
        try await PushBench.run(PushPolicy(unprotected: policy)) { bench in
            _ = try await bench.register("84895126", at: "192.0.2.1", members)
            let body = DLMSData.structure([
                .structure([.octetString([0, 0, 96, 1, 0, 255]), .octetString(Array("84895126".utf8))]),
                .structure([.octetString([1, 0, 1, 8, 0, 255]), .doubleLongUnsigned(7)]),
            ])
            let apdu = DataNotification(invoke: LongInvokeIDAndPriority(rawValue: 1), body: body).octets
            _ = bench.push(apdu, from: address)
            #expect(await bench.refusal(of: address) == refusal)
        }
    }

    @Test("Who names another meter than the one behind its address is refused")
    func contradiction() async throws {
        try await PushBench.run(PushPolicy(unprotected: .any)) { bench in
            _ = try await bench.register("M1", at: "192.0.2.1")
            _ = try await bench.register("M2", at: "192.0.2.2")
            let body = DLMSData.structure([
                .structure([.octetString([0, 0, 42, 0, 0, 255]), .octetString(Array("M2".utf8))])
            ])
            let apdu = DataNotification(invoke: LongInvokeIDAndPriority(rawValue: 1), body: body).octets
            _ = bench.push(apdu)
            #expect(await bench.refusal() == "contradiction")
        }
    }

    @Test("Meters behind one address are told apart by the way of their messages")
    func sharedAddress() async throws {
        try await PushBench.run { bench in
            let first = try await bench.register("M1", at: "192.0.2.1", #""address":{"logicalDevice":1}"#)
            _ = try await bench.register("M2", at: "192.0.2.1", #""address":{"logicalDevice":2}"#)
            var answers = bench.push(Self.notification().octets).makeAsyncIterator()
            #expect(await answers.next() != nil)
            #expect(try await bench.readings(of: first).count == 1)
        }
    }

    @Test("Alarms and events are told of, and attributes become readings, too")
    func events() async throws {
        try await PushBench.run { bench in
            let meter = try await bench.register("M1")
            // That readings were stored is told, too, before or after.
            var told = bench.gateway.events.listen().filter { $0.type != .readingStored }.makeAsyncIterator()
            _ = bench.push(Self.notification(0x8001, name: [0, 0, 97, 98, 0, 255]).octets)
            let alarm = try #require(await told.next())
            #expect(alarm.type == .meterAlarm)
            #expect(alarm.meter == meter)
            #expect(alarm.data["bits"] == [0, 15])
            #expect(alarm.data["object"] == "0.0.97.98.0.255")
            #expect(alarm.data["time"] == "2026-11-22T07:15:00Z")
            let event = EventNotification(
                time: nil,
                descriptor: AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 7, 0, 255), attributeID: 2),
                value: .doubleLongUnsigned(99)
            )
            _ = bench.push(event.octets)
            let second = try #require(await told.next())
            #expect(second.type == .meterEvent)
            #expect(second.data["value"] == 99)
            let readings = try await bench.readings(of: meter, atLeast: 2)
            #expect(readings.contains { $0.value == .integer(99) })
            // All is well: nothing to tell.
            _ = bench.push(Self.notification(0, id: 2, name: [0, 0, 97, 98, 0, 255]).octets)
            _ = bench.push(DataNotification(invoke: .init(rawValue: 3), body: .unsigned(1)).octets)
            #expect(await told.next()?.type == .pushUndecoded)
        }
    }

    @Test("Values alone go by the objects in the configuration of the meter")
    func configuredObjects() async throws {
        try await PushBench.run { bench in
            let meter = try await bench.register(
                "M1",
                at: "192.0.2.1",
                #""push":{"objects":[{"object":"0.0.1.0.0.255","class":8},{"object":"1.0.1.8.0.255"}]}"#
            )
            let time: [UInt8] = [0x07, 0xEA, 11, 22, 7, 8, 30, 0, 0, 0xFF, 0xC4, 0]
            let body = DLMSData.structure([.octetString(time), .doubleLongUnsigned(77)])
            _ = bench.push(DataNotification(invoke: .init(rawValue: 1), body: body).octets)
            let readings = try await bench.readings(of: meter)
            #expect(readings.map(\.value) == [.integer(77)])
            #expect(readings.first?.at == Timestamp(rfc3339: "2026-11-22T07:30:00Z"))
        }
    }

    @Test("A lone number is a marked guess, until the list of the meter is written through the gateway")
    func loneNumber() async throws {
        try await PushBench.run { bench in
            let meter = try await bench.register("M-1", at: "192.0.2.1")
            let power = OBISCode(1, 0, 1, 7, 0, 255)
            let energy = OBISCode(1, 0, 1, 8, 0, 255)
            func push(_ number: UInt32) {
                let body = DLMSData.structure([.doubleLongUnsigned(number)])
                _ = bench.push(DataNotification(invoke: .init(rawValue: number), body: body).octets)
            }
            push(480)
            let guess = try #require(try await bench.readings(of: meter, atLeast: 1).first)
            #expect(guess.series.object == power)
            #expect(guess.reasons.contains("guessed-layout"))
            let written = CaptureObject(classID: 3, logicalName: energy, attributeIndex: 2)
            await bench.gateway.pushLists.note(
                .array([written.data]),
                writtenTo: MeterObject(logicalName: OBISCode(0, 0, 25, 9, 0, 255), classID: 40, version: 0),
                index: 2,
                of: meter
            )
            push(13_810_110)
            let known = try #require(
                try await bench.readings(of: meter, atLeast: 2).first { $0.series.object == energy }
            )
            #expect(known.value == ReadingValue(.doubleLongUnsigned(13_810_110)))
            #expect(!known.reasons.contains("guessed-layout"))
        }
    }

    @Test("What cannot be kept is not confirmed, and taken when it comes again")
    func notKept() async throws {
        try await PushBench.run { bench in
            let meter = try await bench.register("M1", at: "198.51.100.7", Self.secured)
            func rename(_ from: String, _ to: String) async throws {
                _ = try await bench.database.write { try $0.runScript("ALTER TABLE \(from) RENAME TO \(to)") }
            }
            try await rename("push_counters", "away")
            // Reading counters fails as well as keeping them.
            let apdu = try Self.sealed(Self.notification().octets, counter: 7)
            _ = bench.push(apdu)
            #expect(await bench.refusal() == "not-stored")
            #expect(try await bench.store.readingSeries(of: meter).isEmpty)
            try await rename("away", "push_counters")
            var answers = bench.push(apdu, from: "192.0.2.2").makeAsyncIterator()
            #expect(await answers.next() != nil)
            #expect(try await bench.readings(of: meter).count == 1)
        }
    }
}
