// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Synchronization

/// A meter with a handful of data sets, and objects for what comes behind a sign-on.
final class TextTestMeter: TextObjectServer, ObjectServer {
    static let password = Array("12345678".utf8)
    let objects = TestMeter()
    private let sets = Mutex<[String: String]>([
        "0.0.0": "4711", "1.8.0": "001234.567*kWh", "2.8.0": "000000.001*kWh", "0.9.1": "103000",
    ])

    func set(_ address: String, to text: String) { sets.withLock { $0[address] = text } }
    func text(_ address: String) -> String? { sets.withLock { $0[address] } }

    /// 40 rows, so that the answer takes several partial blocks.
    static var profile: TextDataBlock {
        var lines = "P.01(1260101001500)(00000000)(15)(1)(1.5)(kW)\r\n"
        for row in 0..<40 { lines += "(0.\(row))\r\n" }
        return block(lines)
    }

    static func block(_ text: String) -> TextDataBlock {
        (try? TextDataBlock(octets: Array(text.utf8))) ?? TextDataBlock(lines: [], isReadout: false)
    }

    var readout: TextDataBlock {
        let lines = sets.withLock { sets in sets.sorted { $0.key < $1.key }.map { "\($0.key)(\($0.value))\r\n" } }
        return Self.block(lines.joined() + "!\r\n")
    }

    // MARK: TextObjectServer

    func readout(_ kind: TextReadoutKind) -> TextDataBlock? {
        kind == .standard ? readout : Self.block("F.F(00)\r\n!\r\n")
    }

    func passwordOperand() -> String { "ABCD" }

    func accepts(password: [UInt8], isEncrypted: Bool, operand: String) -> Bool {
        isEncrypted ? password == Self.password + operand.utf8 : password == Self.password
    }

    func perform(_ command: TextServerCommand, isAuthenticated: Bool) -> TextServerAnswer {
        switch command {
        case .read(let read) where read.set.address == "P.01": return .data(Self.profile)
        case .read(let read):
            guard read.set.address != "9.9.9" else { return .refused(code: "") }
            guard let text = text(read.set.address) else { return .refused(code: "ER01") }
            return .data(Self.block("\(read.set.address)(\(text))"))
        case .write(let write):
            guard isAuthenticated else { return .refused(code: "ER04") }
            set(write.set.address, to: write.set.values.map(\.text).joined(separator: ";"))
            return .done
        case .execute: return isAuthenticated ? .done : .refused(code: "ER04")
        }
    }

    // MARK: ObjectServer

    var texts: (any TextObjectServer)? { self }

    func association(for client: ClientAddress) -> AssociationTerms? { objects.association(for: client) }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult { objects.get(request, for: client) }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        objects.set(request, to: value, for: client)
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        objects.invoke(method, parameter: parameter, for: client)
    }
}
