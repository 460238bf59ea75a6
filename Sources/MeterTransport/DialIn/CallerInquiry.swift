// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// Asks a meter that has dialled in who it is, in a public association.
struct CallerInquiry: Sendable {
    /// The COSEM logical device name.
    private static let logicalDeviceName = AttributeDescriptor(
        classID: 1,
        instanceID: OBISCode(0, 0, 42, 0, 0, 255),
        attributeID: 2
    )

    let line: MeterLine
    let link: LinkSettings
    /// How long all of it may take; each octet of a frame that never ends would move an end of waiting for an answer on.
    let timeout: Duration

    /// The logical device name, and the system title as hexadecimal digits, as far as the meter tells them in time.
    func names() async -> [String] {
        await withTaskGroup(of: [String].self) { group in
            group.addTask { await ask() }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return []
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
    }

    private func ask() async -> [String] {
        let settings = AssociationSettings(link: link, responseTimeout: timeout)
        guard let (connection, info) = try? await MeterConnection.open(on: line, settings: settings, keepsLine: true)
        else { return [] }
        let request = ServiceRequest.get([AttributeRequest(Self.logicalDeviceName)])
        let answer = try? await connection.perform(request)
        guard !Task.isCancelled else {
            await connection.close(keepingLine: true)
            return []
        }
        await connection.release(keepingLine: true)
        return [answer.flatMap { Self.name(in: $0.response) }, info.serverSystemTitle.map { Hexadecimal.text(of: $0) }]
            .compactMap(\.self)
    }

    private static func name(in response: ServiceResponse) -> String? {
        guard case .get(let results) = response, let result = results.first, let value = try? result.value() else {
            return nil
        }
        let octets: [UInt8]
        switch value {
        case .octetString(let name), .visibleString(let name): octets = Array(name)
        default: return nil
        }
        let text = octets[...].trimmed
        guard (1...64).contains(text.count), text.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
