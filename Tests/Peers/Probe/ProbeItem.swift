// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSCodec
import DLMSEngine

/// Reads items from the command line.
enum ProbeItem {
    /// Reads `get=CLASS:OBIS:ATTRIBUTE`, `set=CLASS:OBIS:ATTRIBUTE:HEX` or `action=CLASS:OBIS:METHOD[:HEX]`.
    static func parse(_ text: String) throws -> AccessItem {
        let halves = text.split(separator: "=", maxSplits: 1)
        guard halves.count == 2 else { throw ValidationError("not an item: \(text)") }
        let parts = halves[1].split(separator: ":")
        guard parts.count >= 3, let classID = UInt16(parts[0]), let name = OBISCode(String(parts[1])),
            let index = Int8(parts[2])
        else { throw ValidationError("not an item: \(text)") }
        let value = parts.count > 3 ? try data(parts[3]) : nil
        let attribute = AttributeRequest(
            AttributeDescriptor(classID: classID, instanceID: name, attributeID: index)
        )
        switch halves[0] {
        case "get": return .get(attribute)
        case "set":
            guard let value else { throw ValidationError("no value: \(text)") }
            return .set(AttributeWrite(attribute, value: value))
        case "action":
            let method = MethodDescriptor(classID: classID, instanceID: name, methodID: index)
            return .action(MethodInvocation(method, parameter: value))
        default: throw ValidationError("neither get nor set nor action: \(text)")
        }
    }

    private static func data(_ text: Substring) throws -> DLMSData {
        guard let octets = Hexadecimal.octets(of: String(text)) else {
            throw ValidationError("not hexadecimal: \(text)")
        }
        return try DLMSData(octets: octets)
    }
}

/// Writes results as lines.
enum ProbeText {
    /// Octets in capital hexadecimal digits.
    static func hex(_ octets: [UInt8]) -> String { Hexadecimal.text(of: octets) }

    /// One line for each item of a response.
    static func lines(of response: ServiceResponse) -> [String] {
        switch response {
        case .get(let results): results.map(line)
        case .set(let results): results.map { "set \($0.name)" }
        case .action(let outcome): [line(outcome)]
        case .actions(let outcomes): outcomes.map(line)
        case .sent: ["sent"]
        // The probe makes no requests of the text protocol.
        case .text: ["text"]
        case .streamed(let octets): ["streamed \(octets)"]
        case .access(let outcomes):
            outcomes.map { outcome in
                switch outcome {
                case .get(let result): line(result)
                case .set(let result): "set \(result.name)"
                case .action(let outcome): line(outcome)
                case .skipped: "skipped"
                }
            }
        }
    }

    private static func line(_ result: GetResult) -> String {
        switch result {
        case .data(let octets): "get \(hex(octets))"
        case .failure(let reason): "get \(reason.name)"
        }
    }

    private static func line(_ outcome: ActionOutcome) -> String {
        guard case .data(let octets)? = outcome.returned else { return "action \(outcome.result.name)" }
        return "action \(outcome.result.name) \(hex(octets))"
    }
}
