// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSEngine

/// What a meter sends without having been asked.
extension SimulatedMeter {
    /// The objects of the push set-ups that this client told to push, one notification for each.
    public func takeNotifications(for client: ServedClient) -> [UnsolicitedMessage] {
        let due = state.withLock { state in
            let due = state.duePushes.filter { $0.client == client.address }
            state.duePushes.removeAll { $0.client == client.address }
            return due
        }
        return due.map { .dataNotification(notification(of: $0.setup, for: client)) }
    }

    private func notification(of setup: OBISCode, for client: ServedClient) -> DataNotification {
        let list = AttributeRequest(AttributeDescriptor(classID: 40, instanceID: setup, attributeID: 2))
        var values: [DLMSData] = []
        if case .array(let objects)? = try? get(list, for: client).value() {
            values = objects.map { value(of: $0, for: client) }
        }
        let number = state.withLock { UInt32($0.pushes.values.reduce(0, +)) }
        let meter = snapshot(client)
        let time = meter.dateTime(meter.time)
        return DataNotification(
            invoke: LongInvokeIDAndPriority(invokeID: number, isConfirmed: false, isHighPriority: false),
            dateTime: time.octets,
            body: .structure(values)
        )
    }

    /// The value that an element of a push object list names.
    private func value(of element: DLMSData, for client: ServedClient) -> DLMSData {
        guard case .structure(let parts) = element, parts.count >= 3, case .longUnsigned(let classID) = parts[0],
            case .octetString(let octets) = parts[1], let name = try? OBISCode(octets: octets),
            case .integer(let index) = parts[2]
        else { return .nullData }
        let request = AttributeRequest(AttributeDescriptor(classID: classID, instanceID: name, attributeID: index))
        return (try? get(request, for: client).value()) ?? .nullData
    }
}
