// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Synchronization

/// A small meter of IEC 62056-21: a readout, registers beside it, a clock, a load profile over a change of the clock, and
/// a log book; it counts what it is asked for.
final class SampleTextMeter: TextObjectServer, ObjectServer {
    struct State {
        /// The data sets of the readout, in order.
        var listed: [(address: String, values: String)] = [
            ("0.0.0", "(12345678)"), ("0.9.1", "(0130000)"), ("0.9.2", "(0261121)"), ("C.1.0", "(00004711)"),
            ("1.8.0", "(000123.45*kWh)"), ("1.8.0*01", "(000120.00)"), ("1.6.0", "(01.234*kW)(0261110181500)"),
        ]
        /// What is given only when it is asked for.
        var others: [String: String] = ["32.7.0": "(230.1*V)"]
        var readouts = 0
        var reads: [String: Int] = [:]
        /// What was written, with the command.
        var writes: [String] = []
        /// The ranges of profiles that were asked for.
        var ranges: [String] = []
        /// The commands that are refused.
        var refused: Set<String> = []
        var password: String? = "00000000"
    }

    let state = Mutex(State())

    /// Nobody is associated with.
    func association(for client: ClientAddress) -> AssociationTerms? { nil }
    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult { .failure(.readWriteDenied) }
    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        .readWriteDenied
    }
    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        ActionOutcome(result: .readWriteDenied)
    }

    var texts: (any TextObjectServer)? { self }

    func readout(_ kind: TextReadoutKind) -> TextDataBlock? {
        guard kind == .standard else { return Self.block("1.8.0(000123.45*kWh)\r\n!\r\n") }
        return state.withLock { state in
            state.readouts += 1
            return Self.block(state.listed.map { $0.address + $0.values + "\r\n" }.joined() + "!\r\n")
        }
    }

    func passwordOperand() -> String { "" }

    func accepts(password: [UInt8], isEncrypted: Bool, operand: String) -> Bool {
        state.withLock { $0.password.map { Array($0.utf8) == password } ?? true }
    }

    func perform(_ command: TextServerCommand, isAuthenticated: Bool) -> TextServerAnswer {
        state.withLock { state in
            switch command {
            case .read(let read): return Self.answer(read, &state)
            case .write(let write): return Self.answer(write, isAuthenticated, &state)
            case .execute: return .refused(code: "ER01")
            }
        }
    }

    private static func answer(_ read: TextRead, _ state: inout State) -> TextServerAnswer {
        let address = read.set.address
        state.reads[address, default: 0] += 1
        guard !state.refused.contains("R\(read.command.rawValue - 0x30)") else { return .refused(code: "ER02") }
        if address.hasPrefix("P.") {
            guard read.command == .register else { return .refused(code: "ER02") }
            state.ranges.append(read.set.values.first?.text ?? "")
            return profile(address, read.set.values.first?.text ?? "")
        }
        let values = state.listed.first { $0.address == address }?.values ?? state.others[address]
        return values.flatMap { block(address + $0) }.map { .data($0) } ?? .refused(code: "ER01")
    }

    private static func answer(_ write: TextWrite, _ isAuthenticated: Bool, _ state: inout State) -> TextServerAnswer {
        let name = "W\(write.command.rawValue - 0x30)"
        guard isAuthenticated else { return .refused(code: "ER05") }
        guard !state.refused.contains(name) else { return .refused(code: "ER02") }
        let address = write.set.address
        let text = write.set.values.first?.text ?? ""
        state.writes.append("\(name) \(address)(\(text))")
        if let index = state.listed.firstIndex(where: { $0.address == address }) {
            let unit = state.listed[index].values.contains("*kWh") ? "*kWh" : ""
            state.listed[index].values = "(\(text)\(unit))"
        } else if state.others[address] != nil {
            state.others[address] = "(\(text)*V)"
        } else {
            return .refused(code: "ER01")
        }
        return .done
    }

    /// Rows of every quarter of an hour from 2026-10-25T00:00:00Z, over the end of daylight saving time, with a gap.
    private static func profile(_ address: String, _ range: String) -> TextServerAnswer {
        let bounds = range.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        func isWithin(_ local: String) -> Bool {
            // Digits behind the season, to the minute; the test asks in whole days.
            let digits = String(local.dropFirst())
            let from = bounds.first.map { $0.count == 11 ? String($0.dropFirst()) : $0 } ?? ""
            let to = bounds.dropFirst().first.map { $0.count == 11 ? String($0.dropFirst()) : $0 } ?? ""
            return (from.isEmpty || digits >= from) && (to.isEmpty || digits <= to)
        }
        guard address == "P.01" else {
            guard address == "P.98" else { return .refused(code: "ER01") }
            return block("P.98(0261121101500)(0080)()(0)\r\nP.98(0261121103000)(0040)()(0)\r\n").map { .data($0) }
                ?? .refused(code: "ER01")
        }
        let columns = "(15)(2)(1.5.0)(kW)(2.5.0)(kW)"
        let sections = [
            ("12610250200", "(00)", ["(0.100)(0.0)", "(0.110)(0.1)", "(0.120)(0.2)", "(0.130)(0.3)"]),
            ("02610250200", "(08)", ["(0.140)(0.4)", "(0.150)(-)"]),
            ("02610250300", "(80)", ["(0.180)(0.8)"]),
        ]
        let wanted = sections.filter { isWithin($0.0) }
        guard !wanted.isEmpty else { return block("P.01(ERROR)\r\n").map { .data($0) } ?? .refused(code: "ER01") }
        let text = wanted.map { "P.01(\($0.0))\($0.1)\(columns)\r\n" + $0.2.map { $0 + "\r\n" }.joined() }.joined()
        return block(text).map { .data($0) } ?? .refused(code: "ER01")
    }

    private static func block(_ text: String) -> TextDataBlock? {
        try? TextDataBlock(octets: Array(text.utf8))
    }
}
