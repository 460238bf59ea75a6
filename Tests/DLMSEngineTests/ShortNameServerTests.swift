// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Testing

private let association = OBISCode(0, 0, 40, 0, 0, 255)

/// What a meter lists in an association with logical names: class, version, name and how many attributes.
private let objects: [ShortNameDirectory.NamelessObject] = [
    .init(classID: 15, version: 1, logicalName: association, attributeCount: 9),
    .init(classID: 1, version: 0, logicalName: OBISCode(0, 0, 42, 0, 0, 255), attributeCount: 2),
    .init(classID: 3, version: 0, logicalName: OBISCode(1, 0, 1, 8, 0, 255), attributeCount: 3),
    .init(classID: 9, version: 0, logicalName: OBISCode(0, 0, 10, 0, 106, 255), attributeCount: 2),
    .init(classID: 7, version: 1, logicalName: OBISCode(1, 0, 99, 1, 0, 255), attributeCount: 8),
]

private let directory = ShortNameDirectory(assigning: objects)

/// A meter that hides its profile from everybody, and speaks short names.
private func shortNameMeter(
    size: UInt16 = 1024,
    conformance: Conformance = ShortNameSettings.standardConformance,
    authentication: AssociationAuthentication = .none
) -> TestMeter {
    var terms = AssociationTerms(authentication: authentication, maxReceivePDUSize: size)
    terms.shortNames = ShortNameTerms(directory: directory, conformance: conformance)
    let meter = TestMeter(terms: [16: terms])
    let list = objects.filter { $0.classID != 7 }.map { object in
        DLMSData.structure([
            .longUnsigned(object.classID), .unsigned(object.version), .octetString(object.logicalName.octets),
            .structure([
                .array([.structure([.integer(2), .enumeration(3), .nullData])]),
                .array([.structure([.integer(1), .enumeration(1)])]),
            ]),
        ])
    }
    meter.store(.array(list), at: attribute(2, of: "0.0.40.0.0.255", class: 15))
    return meter
}

private func shortNameSettings(size: UInt16 = 0xFFFF) -> AssociationSettings {
    var own = settings(maxReceivePDUSize: size)
    own.referencing = .shortName
    return own
}

/// What a server answers to an APDU in an association with short names.
private func answer(
    _ text: String,
    _ meter: TestMeter,
    conformance: String = "1C1B20",
    options: ServerMachine.Options = .init()
) -> [UInt8]? {
    var server = ServerMachine(objects: meter, options: options)
    _ = server.received(
        toServer(hex("601DA109060760857405080102BE10040E01000000065F1F0400" + conformance + "FFFF"))
    )
    guard case .send(let octets)? = server.received(toServer(hex(text))).first else { return nil }
    return Array(octets.dropFirst(8))
}

@Suite("A server that is asked by short names")
struct ShortNameServerTests {
    @Test("Base names leave room for attributes and methods, and special objects have theirs")
    func names() {
        #expect(
            directory.objects.map(\.baseName) == [0x100, 0x130, 0x158, 0xFA00, 0xFD00]
        )
        #expect(directory.objects.map(\.classID) == [3, 9, 7, 12, 1])
        #expect(directory.object(12, association)?.version == 2)
    }

    @Test("The context is accepted with the name of the association, or refused with the reason")
    func context() throws {
        let request = toServer(hex("601DA109060760857405080102BE10040E01000000065F1F04001C1B20FFFF"))
        var server = ServerMachine(objects: shortNameMeter(size: 512))
        #expect(server.received(request).first == .send(toClient(shortNameAcceptance)))
        var refusing = ServerMachine(objects: TestMeter())
        #expect(
            refusing.received(request).first
                == .send(toClient(hex("6117A109060760857405080101A203020101A305A103020102")))
        )
        var terms = AssociationTerms()
        terms.acceptsLogicalNames = false
        terms.shortNames = ShortNameTerms(directory: directory)
        var short = ServerMachine(objects: TestMeter(terms: [16: terms]))
        let logical = toServer(hex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF"))
        #expect(
            short.received(logical).first
                == .send(toClient(hex("6117A109060760857405080102A203020101A305A103020102")))
        )
        #expect(short.received(request).first != nil)
        #expect(short.openAssociations == 1)
    }

    @Test("The list has what the client may see, with base names")
    func list() throws {
        var pair = MachinePair(shortNameSettings(), shortNameMeter())
        let response = pair.perform(.get([attribute(2, of: "0.0.40.0.0.255", class: 12)]))
        let element = "02 04 10"
        #expect(
            response
                == .get([
                    .data(
                        hex("01 04")
                            + hex(element + "FA00 12 000C 11 02 09 06 0000280000FF")
                            + hex(element + "FD00 12 0001 11 00 09 06 00002A0000FF")
                            + hex(element + "0100 12 0003 11 00 09 06 0100010800FF")
                            + hex(element + "0130 12 0009 11 00 09 06 00000A006AFF")
                    )
                ])
        )
        guard case .get(let rights)? = pair.perform(.get([attribute(3, of: "0.0.40.0.0.255", class: 12)])) else {
            Issue.record("no rights")
            return
        }
        guard case .array(let elements)? = try rights[0].value() else {
            Issue.record("no list of rights")
            return
        }
        #expect(
            elements[2]
                == .structure([
                    .long(0x100), .array([.structure([.integer(2), .enumeration(3), .nullData])]),
                    .array([.structure([.integer(1), .enumeration(1)])]),
                ])
        )
    }

    @Test(
        "Everything passes whole whatever the PDU sizes are",
        arguments: [64, 65, 100, 255, 256, 1024, 65_535, 0] as [UInt16],
        [ServerMachine.Options.ReadBlockContent.results, .bareData]
    )
    func sizes(size: UInt16, content: ServerMachine.Options.ReadBlockContent) throws {
        let long = DLMSData.array(
            (0..<400).map { .structure([.doubleLongUnsigned(UInt32($0)), .octetString([1, 2, 3]), .unsigned(7)]) }
        )
        let meter = shortNameMeter(size: size)
        meter.store(.nullData, at: attribute())
        meter.store(.unsigned(4), at: attribute(3))
        var options = ServerMachine.Options()
        options.readBlockContent = content
        var pair = MachinePair(shortNameSettings(size: size), meter, options: options, seed: UInt64(size))
        let written = pair.perform(
            .set([AttributeWrite(attribute(), value: long), AttributeWrite(attribute(3), value: .unsigned(5))])
        )
        #expect(written == .set([.success, .success]))
        #expect(pair.perform(.get([attribute()])) == .get([.data(long.octets)]))
        #expect(pair.perform(.get([attribute()]), streams: true) == .streamed(octets: long.octets.count))
        #expect(pair.delivered == long.octets)
        #expect(
            pair.perform(.get([attribute(3), attribute(), attribute(4)]))
                == .get([.data([0x11, 5]), .data(long.octets), .failure(.objectUndefined)])
        )
        var selection = attribute(3)
        selection.selectiveAccess = SelectiveAccess(selector: 2, parameters: long)
        #expect(pair.perform(.get([selection])) == .get([.data([0x11, 5])]))
        let script = MethodDescriptor(classID: 9, instanceID: OBISCode(0, 0, 10, 0, 106, 255), methodID: 1)
        #expect(pair.perform(.action(script, long)) == .action(ActionOutcome(result: .success)))
        if size > 0 {
            #expect(pair.longestRequest <= Int(size))
            #expect(pair.longestResponse <= Int(size))
        }
        #expect(pair.client.info.lists == .works)
    }

    @Test("Methods are invoked by writing or by reading with a parameter, never by reading alone")
    func methods() {
        let meter = shortNameMeter()
        #expect(answer("06 01 02 0150 01 12 0001", meter) == hex("0D 01 00"))
        #expect(answer("05 01 04 0150 00 12 0001", meter) == hex("0C 01 00 12 0001"))
        #expect(answer("05 01 04 0150 00 00", meter) == hex("0C 01 00 00"))
        #expect(answer("05 01 02 0150", meter) == hex("0C 01 01 03"))
        #expect(answer("06 01 02 0158 01 0F 00", meter) == hex("0D 01 01 04"))
    }

    @Test("The secrets of the association are changed as by logical names")
    func secrets() {
        let meter = shortNameMeter()
        let password = attribute(7, of: "0.0.40.0.0.255", class: 15)
        meter.store(.octetString([1]), at: password)
        #expect(answer("06 01 02 FA40 01 09 02 4142", meter) == hex("0D 01 00"))
        #expect(meter.stored(at: password) == .octetString([0x41, 0x42]))
        // This meter has no method 2 of class 15.
        #expect(answer("06 01 02 FA48 01 09 02 4142", meter) == hex("0D 01 01 04"))
        #expect(answer("05 01 04 FA30 00 01 00", meter) == hex("0C 01 01 04"))
    }

    @Test("An unconfirmed write is done without an answer, and needs that service")
    func unconfirmed() {
        let meter = shortNameMeter()
        meter.store(.unsigned(1), at: attribute())
        #expect(answer("16 01 02 0108 01 11 09", meter) == nil)
        #expect(meter.stored(at: attribute()) == .unsigned(9))
        #expect(answer("16 01 02 0108 01 11 08", meter, conformance: "181B20") == hex("D8 02 02"))
        #expect(meter.stored(at: attribute()) == .unsigned(9))
    }

    @Test("The association's own attributes cannot be written")
    func readOnly() {
        #expect(answer("06 01 02 FA08 01 11 09", shortNameMeter()) == hex("0D 01 01 03"))
    }

    @Test(
        "What was not agreed is refused",
        arguments: [
            ("C001C1 0003 0100010800FF 02 00", "D8 02 02"), ("05 02 02 0108 02 0110", "0C 02 01 FA 01 FA"),
            ("06 02 02 0108 02 0110 02 11 01 11 01", "0D 02 01 FA 01 FA"), ("06 01 02 0108 00", "0D 01 01 FA"),
            ("05 01 06 00 0001 01 01", "0C 01 01 FA"), ("06 01 07 00 0001 01 09 01 00", "0D 01 01 FA"),
            ("05 01 05 0001", "0C 01 01 10"), ("05 01 02", "D8 02 03"), ("05 01 02 0101", "0C 01 01 04"),
            ("05 01 02 0010", "0C 01 01 04"),
        ]
    )
    func refusals(request: String, response: String) {
        // Only read, write and parameterized access.
        #expect(answer(request, shortNameMeter(), conformance: "180020") == hex(response))
    }

    @Test("A block that is asked for twice or too early is refused")
    func blockNumbers() {
        let meter = shortNameMeter(size: 64)
        meter.store(.octetString([UInt8](repeating: 7, count: 200)), at: attribute())
        var server = ServerMachine(objects: meter)
        _ = server.received(toServer(hex("601DA109060760857405080102BE10040E01000000065F1F04001C1B200040")))
        _ = server.received(toServer(hex("05 01 02 0108")))
        #expect(server.received(toServer(hex("05 01 05 0002"))).first == .send(toClient(hex("0C 01 01 13"))))
        #expect(server.received(toServer(hex("05 01 05 0001"))).first == .send(toClient(hex("0C 01 01 10"))))
    }

    @Test("A password is asked for in this context, too")
    func password() {
        let meter = shortNameMeter(authentication: .low(Secret(text: "12345678")))
        var right = shortNameSettings()
        right.authentication = .low(Secret(text: "12345678"))
        #expect(MachinePair(right, meter).client.info.usesShortNames)
        let wrong = MachinePair(shortNameSettings(), meter)
        #expect(
            wrong.outcomes.first
                == .associationFailed(
                    .associationRejected(
                        result: .rejectedPermanent,
                        diagnostic: .authenticationMechanismNameRequired,
                        initiateError: nil
                    )
                )
        )
    }
}
