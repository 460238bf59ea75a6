// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

/// The AARE of a server that agrees to all services of short names (conformance 1C1B20), max PDU size 512, vaa-name FA00.
let shortNameAcceptance = hex("6129A109060760857405080102A203020100A305A103020100BE10040E0800065F1F04001C1B200200FA00")

/// Three objects: the association FA00, a register at 0100, a clock at 0228 hexadecimal.
let shortNameList = hex(
    """
    01 03 02 04 10 FA00 12 000C 11 00 09 06 0000280000FF
    02 04 10 0100 12 0003 11 00 09 06 0100010800FF
    02 04 10 0228 12 0008 11 00 09 06 0000010000FF
    """
)

private func associated(
    _ adapt: (inout AssociationSettings) -> Void = { _ in },
    aare: [UInt8] = shortNameAcceptance
) -> ClientMachine {
    var own = settings()
    own.referencing = .shortName
    adapt(&own)
    var machine = ClientMachine(settings: own)
    _ = machine.connected(now: start)
    _ = machine.received(toClient(aare), now: start)
    return machine
}

/// A machine that has read the list above.
private func knowing(aare: [UInt8] = shortNameAcceptance) -> ClientMachine {
    var machine = associated(aare: aare)
    _ = machine.perform(.get([attribute()]), now: start)
    _ = machine.received(toClient(hex("0C0100") + shortNameList), now: start)
    _ = machine.received(toClient(hex("0C0100 1105")), now: start)
    return machine
}

private func sending(_ text: String) -> [ClientAction] {
    [.send(toServer(hex(text))), .deadline(start + .seconds(10))]
}

private func done(_ response: ServiceResponse) -> [ClientAction] {
    [.deadline(nil), .completed(response)]
}

private let clock = "0.0.1.0.0.255"

@Suite("A client that uses short names")
struct ShortNameClientTests {
    @Test("It asks for the context of short names and offers their services")
    func association() {
        var own = settings()
        own.referencing = .shortName
        var machine = ClientMachine(settings: own)
        #expect(
            machine.connected(now: start).first
                == .send(toServer(hex("601DA109060760857405080102BE10040E01000000065F1F04001C1B20FFFF")))
        )
        _ = machine.received(toClient(shortNameAcceptance), now: start)
        #expect(machine.isReady)
        #expect(machine.info.usesShortNames)
        #expect(machine.info.shortNames == nil)
    }

    @Test("The list is read when a name is first needed, and only then")
    func listing() {
        var machine = associated()
        #expect(machine.perform(.get([attribute()]), now: start) == sending("05 01 02 FA08"))
        #expect(
            machine.received(toClient(hex("0C0100") + shortNameList), now: start) == sending("05 01 02 0108")
        )
        #expect(machine.received(toClient(hex("0C0100 1105")), now: start) == done(.get([.data([0x11, 5])])))
        #expect(machine.info.shortNames?.objects.map(\.baseName) == [0x100, 0x228, 0xFA00])
        #expect(
            machine.perform(.get([attribute(3, of: clock, class: 8)]), now: start) == sending("05 01 02 0238")
        )
    }

    @Test("A list that comes in blocks is put together", arguments: ["list", "data", "choice"])
    func listInBlocks(form: String) {
        var machine = associated()
        _ = machine.perform(.get([attribute()]), now: start)
        let prefix = form == "list" ? hex("0100") : form == "choice" ? hex("00") : []
        let octets = prefix + shortNameList
        #expect(
            machine.received(toClient(hex("0C0102 00 0001 14") + octets[..<20]), now: start) == sending("05 01 05 0001")
        )
        let rest = octets[20...]
        #expect(
            machine.received(toClient(hex("0C0102 01 0002") + [UInt8(rest.count)] + rest), now: start)
                == sending("05 01 02 0108")
        )
    }

    @Test("The association itself needs no list")
    func currentAssociation() {
        var machine = associated()
        let list = attribute(2, of: "0.0.40.0.0.255", class: 12)
        #expect(machine.perform(.get([list]), now: start) == sending("05 01 02 FA08"))
        #expect(
            machine.received(toClient(hex("0C0100 0100")), now: start) == done(.get([.data([1, 0])]))
        )
        let other = attribute(2, of: "0.0.40.0.0.255", class: 15)
        #expect(machine.perform(.get([other]), now: start) == done(.get([.failure(.objectClassInconsistent)])))
    }

    @Test("What the list does not have fails without being asked for, at its place")
    func missing() {
        var machine = knowing()
        let requests = [
            attribute(of: "1.0.2.8.0.255"), attribute(), attribute(of: "1.0.1.8.0.255", class: 4), attribute(0),
            attribute(2, of: clock, class: 8),
        ]
        #expect(machine.perform(.get(requests), now: start) == sending("05 02 02 0108 02 0230"))
        #expect(
            machine.received(toClient(hex("0C02 00 1101 01 03")), now: start)
                == done(
                    .get([
                        .failure(.objectUndefined), .data([0x11, 1]), .failure(.objectClassInconsistent),
                        .failure(.objectUndefined), .failure(.readWriteDenied),
                    ])
                )
        )
    }

    @Test("Silence on a list of names is noted as it is for logical names")
    func silentList() {
        var machine = knowing()
        _ = machine.perform(.get([attribute(2), attribute(3)]), now: start)
        _ = machine.deadlineReached(now: start + .seconds(10))
        #expect(machine.info.learned.readLists == .unanswered)
        machine = knowing()
        let writes = [2, 3].map { AttributeWrite(attribute($0), value: .unsigned(1)) }
        _ = machine.perform(.set(writes), now: start)
        _ = machine.deadlineReached(now: start + .seconds(10))
        #expect(machine.info.learned.writeLists == .unanswered)
    }

    @Test("A refused list of names is read one by one", arguments: ["0E 05 03 02", "D8 02 02", "0C 01 01 0D"])
    func listOfNamesRefused(answer: String) {
        var machine = knowing()
        let requests = [attribute(), attribute(3)]
        #expect(machine.perform(.get(requests), now: start) == sending("05 02 02 0108 02 0110"))
        #expect(machine.received(toClient(hex(answer)), now: start) == sending("05 01 02 0108"))
        #expect(machine.received(toClient(hex("0C0100 1101")), now: start) == sending("05 01 02 0110"))
        #expect(
            machine.received(toClient(hex("0C0100 1102")), now: start)
                == done(.get([.data([0x11, 1]), .data([0x11, 2])]))
        )
        #expect(machine.info.lists == .refused)
    }

    @Test(
        "A confirmedServiceError about a variable is its result",
        arguments: [
            ("0E 05 04 01", DataAccessResult.objectUndefined), ("0E 05 05 01", .scopeOfAccessViolated),
            ("0E 05 05 02", .readWriteDenied), ("0E 05 05 04", .objectUnavailable),
        ]
    )
    func serviceError(answer: String, result: DataAccessResult) {
        var machine = knowing()
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex(answer)), now: start) == done(.get([.failure(result)])))
    }

    @Test("A confirmedServiceError about the association ends the connection")
    func associationError() {
        var machine = knowing()
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex("0E 05 02 01")), now: start).last == .close)
    }

    @Test("A selection is a parameterized access")
    func selection() {
        var machine = knowing()
        var request = attribute()
        request.selectiveAccess = SelectiveAccess(selector: 2, parameters: .structure([.unsigned(1)]))
        #expect(machine.perform(.get([request]), now: start) == sending("05 01 04 0108 02 02 01 11 01"))
    }

    @Test("A long value is handed over in parts, whatever the blocks begin with", arguments: ["", "00", "0100"])
    func streaming(prefix: String) {
        var machine = knowing()
        let value = hex("01 02 09 04 01020304 09 04 05060708")
        let octets = hex(prefix) + value
        var delivered: [UInt8] = []
        _ = machine.perform(.get([attribute()]), streams: true, now: start)
        // The first block is shorter than what tells how the value begins.
        for (number, range) in [0..<2, 2..<9, 9..<octets.count].enumerated() {
            let isLast: UInt8 = number == 2 ? 1 : 0
            let block = [isLast, 0, UInt8(number + 1), UInt8(range.count)] + octets[range]
            for action in machine.received(toClient(hex("0C0102") + block), now: start) {
                switch action {
                case .delivered(let part): delivered += part
                case .completed(let response): #expect(response == .streamed(octets: value.count))
                default: break
                }
            }
        }
        #expect(delivered == value)
        #expect(machine.isReady)
    }

    @Test("A refusal in place of the next block is the result")
    func blockRefused() {
        var machine = knowing()
        _ = machine.perform(.get([attribute()]), now: start)
        _ = machine.received(toClient(hex("0C0102 00 0001 03 090411")), now: start)
        #expect(machine.received(toClient(hex("0C01 01 0F")), now: start) == done(.get([.failure(.longGetAborted)])))
    }

    @Test(
        "A block out of order, or a value in its place, ends the connection",
        arguments: ["02 00 0003 01 11", "00 1105"]
    )
    func wrongBlock(answer: String) {
        var machine = knowing()
        _ = machine.perform(.get([attribute()]), now: start)
        _ = machine.received(toClient(hex("0C0102 00 0001 03 090411")), now: start)
        #expect(machine.received(toClient(hex("0C01" + answer)), now: start).last == .close)
    }

    @Test("Variables are written together, and one by one where that is refused")
    func writing() {
        var machine = knowing()
        let writes = [
            AttributeWrite(attribute(), value: .unsigned(1)), AttributeWrite(attribute(3), value: .unsigned(2)),
        ]
        #expect(
            machine.perform(.set(writes), now: start) == sending("06 02 02 0108 02 0110 02 11 01 11 02")
        )
        #expect(
            machine.received(toClient(hex("0D 02 00 01 03")), now: start) == done(.set([.success, .readWriteDenied]))
        )
        _ = machine.perform(.set(writes), now: start)
        #expect(machine.received(toClient(hex("0E 06 03 02")), now: start) == sending("06 01 02 0108 01 11 01"))
        #expect(machine.received(toClient(hex("0D 01 00")), now: start) == sending("06 01 02 0110 01 11 02"))
        #expect(machine.received(toClient(hex("0D 01 00")), now: start) == done(.set([.success, .success])))
    }

    @Test("A long value is written in blocks")
    func longWriting() {
        // A server that takes 40 octets at a time: 29 of them are left for the value.
        var machine = knowing(
            aare: hex("6129A109060760857405080102A203020100A305A103020100BE10040E0800065F1F04001C1B200028FA00")
        )
        let value = DLMSData.octetString((0..<40).map { UInt8($0) })
        let whole = hex("01 02 0108 01 09 28") + (0..<40).map { UInt8($0) }
        let first = hex("06 01 07 00 0001 01 09 1D") + whole[..<29]
        #expect(
            machine.perform(.set([AttributeWrite(attribute(), value: value)]), now: start)
                == [.send(toServer(first)), .deadline(start + .seconds(10))]
        )
        let second = hex("06 01 07 01 0002 01 09 12") + whole[29...]
        #expect(
            machine.received(toClient(hex("0D 01 02 0001")), now: start)
                == [.send(toServer(second)), .deadline(start + .seconds(10))]
        )
        #expect(machine.received(toClient(hex("0D 01 00")), now: start) == done(.set([.success])))
    }

    @Test("A method without an answer is written, with its parameter or null-data")
    func methodByWriting() {
        var machine = knowing()
        let method = MethodDescriptor(classID: 8, instanceID: OBISCode(0, 0, 1, 0, 0, 255), methodID: 6)
        #expect(machine.perform(.action(method, .long(30)), now: start) == sending("06 01 02 02B0 01 10 001E"))
        #expect(
            machine.received(toClient(hex("0D 01 00")), now: start)
                == done(.action(ActionOutcome(result: .success)))
        )
        #expect(machine.perform(.action(method, nil), now: start) == sending("06 01 02 02B0 01 00"))
        #expect(
            machine.received(toClient(hex("0D 01 01 0C")), now: start)
                == done(.action(ActionOutcome(result: .typeUnmatched)))
        )
    }

    @Test("A method with an answer is read with its parameter")
    func methodByReading() {
        var machine = associated()
        let method = MethodDescriptor(classID: 12, instanceID: OBISCode(0, 0, 40, 0, 0, 255), methodID: 8)
        #expect(
            machine.perform(.action(method, .octetString([1, 2])), now: start)
                == sending("05 01 04 FA58 00 09 02 0102")
        )
        #expect(
            machine.received(toClient(hex("0C 01 00 09 02 0304")), now: start)
                == done(.action(ActionOutcome(result: .success, returned: .data([9, 2, 3, 4]))))
        )
        #expect(
            machine.perform(.action(method, .octetString([1, 2])), now: start).count == 2
        )
        #expect(
            machine.received(toClient(hex("0C 01 01 03")), now: start)
                == done(.action(ActionOutcome(result: .readWriteDenied)))
        )
    }

    @Test("Methods at offsets of their own are found there, and unknown ones nowhere")
    func methodOffsets() {
        let client = OBISCode(0, 1, 24, 1, 0, 255)
        let directory = ShortNameDirectory([
            .init(classID: 72, version: 0, logicalName: client, baseName: 0x1000),
            .init(classID: 8192, version: 0, logicalName: client, baseName: 0x2000),
        ])
        let usual = ShortNameMethods.standard
        let vendor = ShortNameMethods(exceptions: [.init(72, version: 0): 0x68])
        #expect(usual.name(ofMethod: 1, of: directory.objects[0]) == 0x1060)
        #expect(vendor.name(ofMethod: 2, of: directory.objects[0]) == 0x1070)
        #expect(usual.name(ofMethod: 1, of: directory.objects[1]) == nil)
        #expect(
            directory.target(of: 0x1070, methods: vendor)
                == .method(MethodDescriptor(classID: 72, instanceID: client, methodID: 2))
        )
        #expect(
            directory.target(of: 0x1048)
                == .attribute(AttributeDescriptor(classID: 72, instanceID: client, attributeID: 10))
        )
        #expect(directory.target(of: 0x0FF8) == nil)
        #expect(directory.target(of: 0x1001) == nil)
    }

    @Test("A method whose name nobody knows is an error, not a refusal of the meter")
    func methodsUnnamed() {
        var machine = associated()
        let method = MethodDescriptor(classID: 1, instanceID: OBISCode(0, 0, 96, 1, 0, 255), methodID: 1)
        let list = hex("0C0100 01 01 02 04 10 0100 12 0001 11 00 09 06 0000600100FF")
        _ = machine.perform(.action(method, nil), now: start)
        #expect(
            machine.received(toClient(list), now: start)
                == [.deadline(nil), .failed(.methodsUnnamed(classID: 1, version: 0))]
        )
        #expect(machine.isReady)
    }

    @Test("Names from earlier are compared with the logical name before they are used")
    func knownNames() throws {
        let known = try #require(knowing().info.shortNames)
        var machine = associated { $0.shortNames.known = known }
        #expect(machine.info.shortNames == known)
        #expect(machine.perform(.get([attribute()]), now: start) == sending("05 01 02 0100"))
        #expect(
            machine.received(toClient(hex("0C0100 0906 0100010800FF")), now: start) == sending("05 01 02 0108")
        )
        #expect(machine.received(toClient(hex("0C0100 1105")), now: start) == done(.get([.data([0x11, 5])])))
        // Once in an association is enough.
        #expect(machine.perform(.get([attribute()]), now: start) == sending("05 01 02 0108"))
    }

    @Test(
        "Names from earlier that are wrong are dropped, and the list is read anew",
        arguments: ["0C0100 0906 0100020800FF", "0C0101 04", "0E 05 04 01"]
    )
    func wrongNames(answer: String) throws {
        let known = ShortNameDirectory([
            .init(classID: 3, version: 0, logicalName: OBISCode(1, 0, 1, 8, 0, 255), baseName: 0x500)
        ])
        var machine = associated { $0.shortNames.known = known }
        let write = AttributeWrite(attribute(), value: .unsigned(7))
        #expect(machine.perform(.set([write]), now: start) == sending("05 01 02 0500"))
        #expect(machine.received(toClient(hex(answer)), now: start) == sending("05 01 02 FA08"))
        #expect(
            machine.received(toClient(hex("0C0100") + shortNameList), now: start)
                == sending("06 01 02 0108 01 11 07")
        )
        #expect(machine.info.shortNames?.object(3, OBISCode(1, 0, 1, 8, 0, 255))?.baseName == 0x100)
    }

    @Test("Without a list only the special names are left, and they are compared, too")
    func listDenied() {
        var machine = associated()
        let name = attribute(2, of: "0.0.42.0.0.255", class: 1)
        #expect(machine.perform(.get([name, attribute()]), now: start) == sending("05 01 02 FA08"))
        #expect(machine.received(toClient(hex("0C0101 03")), now: start) == sending("05 01 02 FD00"))
        #expect(
            machine.received(toClient(hex("0C0100 0906 00002A0000FF")), now: start) == sending("05 01 02 FD08")
        )
        #expect(
            machine.received(toClient(hex("0C0100 0901 41")), now: start)
                == done(.get([.data([9, 1, 0x41]), .failure(.readWriteDenied)]))
        )
        #expect(machine.info.shortNames == nil)
        let script = MethodDescriptor(classID: 9, instanceID: OBISCode(0, 0, 10, 0, 125, 255), methodID: 1)
        #expect(machine.perform(.action(script, .longUnsigned(1)), now: start) == sending("05 01 02 FB00"))
        // Somebody else's SAP assignment.
        #expect(
            machine.received(toClient(hex("0C0100 0906 0000290000FF")), now: start)
                == done(.action(ActionOutcome(result: .objectUndefined)))
        )
    }

    @Test("An unconfirmed write is done when it was sent, after the list if need be")
    func unconfirmedWrite() {
        var machine = associated()
        let write = ServiceRequest.unconfirmedSet(AttributeWrite(attribute(), value: .unsigned(7)))
        #expect(machine.perform(write, now: start) == sending("05 01 02 FA08"))
        #expect(
            machine.received(toClient(hex("0C0100") + shortNameList), now: start)
                == sending("16 01 02 0108 01 11 07") + done(.sent)
        )
        #expect(machine.isReady)
        let other = AttributeWrite(attribute(of: "1.0.9.8.0.255"), value: .unsigned(7))
        #expect(machine.perform(.unconfirmedSet(other), now: start) == done(.set([.objectUndefined])))
    }

    @Test("Without the service nothing is written unconfirmed")
    func noUnconfirmedWrite() {
        var machine = knowing(
            aare: hex("6129A109060760857405080102A203020100A305A103020100BE10040E0800065F1F0400181B200200FA00")
        )
        let write = ServiceRequest.unconfirmedSet(AttributeWrite(attribute(), value: .unsigned(7)))
        #expect(machine.perform(write, now: start) == [.deadline(nil), .failed(.serviceNotAgreed(.set))])
    }

    @Test("An information report names what it tells of as far as the names are known")
    func informationReport() throws {
        let octets = hex("18 00 02 02 0108 02 0230 02 06000004D2 120005")
        let report = try InformationReport(octets: octets)
        var machine = associated()
        #expect(
            machine.received(toClient(octets), now: start)
                == [.unsolicited(.informationReport(report, targets: [nil, nil]))]
        )
        var other = knowing()
        _ = other.perform(.get([attribute()]), now: start)
        #expect(
            other.received(toClient(octets), now: start)
                == [
                    .unsolicited(
                        .informationReport(
                            report,
                            targets: [
                                .attribute(attribute().descriptor),
                                .attribute(attribute(2, of: clock, class: 8).descriptor),
                            ]
                        )
                    )
                ]
        )
        #expect(other.received(toClient(hex("0C0100 1105")), now: start) == done(.get([.data([0x11, 5])])))
    }

    @Test("A list that is none ends the connection", arguments: ["0C0100 1105", "0C0100 0101"])
    func noList(answer: String) {
        var machine = associated()
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex(answer)), now: start).last == .close)
    }

    @Test("An answer by another service ends the connection", arguments: ["C401C1001105", "0D0100"])
    func otherService(answer: String) {
        var machine = knowing()
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex(answer)), now: start).last == .close)
    }

    @Test("Making way ends a long read after the answer on its way, and the list stays")
    func interruption() {
        var machine = knowing()
        _ = machine.perform(.get([attribute()]), now: start)
        machine.interrupt()
        #expect(
            machine.received(toClient(hex("0C0102 00 0001 03 090411")), now: start) == [
                .deadline(nil), .failed(.cancelled),
            ]
        )
        #expect(machine.perform(.get([attribute()]), now: start) == sending("05 01 02 0108"))
    }

    static let logicalRequest = sending("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF")
    static let shortRequest = sending("601DA109060760857405080102BE10040E01000000065F1F04001C1B20FFFF")

    private func automatic() -> ClientMachine {
        var own = settings()
        own.referencing = .automatic
        return ClientMachine(settings: own)
    }

    @Test(
        "A server that refuses logical names is asked by short names on the same connection",
        arguments: [
            // application-context-name-not-supported
            "6117A109060760857405080102A203020101A305A103020102",
            // incompatible-conformance
            "611FA109060760857405080102A203020101A305A103020101BE0604040E010602",
            "0E010602", "0E010004",
        ]
    )
    func automaticAfterRefusal(answer: String) {
        var machine = automatic()
        #expect(machine.connected(now: start).first == Self.logicalRequest.first)
        #expect(
            machine.received(toClient(hex(answer)), now: start) == [.deadline(nil)] + Self.shortRequest
        )
        _ = machine.received(toClient(shortNameAcceptance), now: start)
        #expect(machine.isReady)
        #expect(machine.info.usesShortNames)
    }

    @Test("A refusal for another reason is final", arguments: ["0D", "01"])
    func automaticFinalRefusal(diagnostic: String) {
        var machine = automatic()
        _ = machine.connected(now: start)
        let refusal = hex("6117A109060760857405080101A203020101A305A1030201" + diagnostic)
        #expect(machine.received(toClient(refusal), now: start).last == .close)
    }

    @Test("Logical names are used where they are accepted, and vaa-name FA00 asks for another connection")
    func automaticAcceptance() {
        var machine = automatic()
        _ = machine.connected(now: start)
        _ = machine.received(toClient(acceptance), now: start)
        #expect(machine.isReady)
        #expect(!machine.info.usesShortNames)
        var other = automatic()
        _ = other.connected(now: start)
        let aare = hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F04001C1B200200FA00")
        #expect(
            other.received(toClient(aare), now: start)
                == [.deadline(nil), .associationFailed(.shortNamesOnly), .close]
        )
    }

    @Test("Silence after the second request asks for another connection")
    func automaticSilence() {
        var machine = automatic()
        _ = machine.connected(now: start)
        _ = machine.received(toClient(hex("6117A109060760857405080102A203020101A305A103020102")), now: start)
        var closing = machine
        let failure: [ClientAction] = [.deadline(nil), .associationFailed(.shortNamesOnly), .close]
        #expect(machine.deadlineReached(now: start + .seconds(10)) == failure)
        #expect(closing.connectionClosed() == failure)
    }
}
