// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSEngine
public import MeterTransport

/// What a meter sends without having been asked.
extension SimulatedMeter {
    /// Lets push set-ups with a destination push there over these event loops; without them everything goes to who told
    /// the meter to push.
    public func push(over network: MeterNetwork) {
        state.withLock { $0.network = network }
    }

    /// The objects of the push set-ups that this client told to push and that have no destination of their own, one
    /// notification for each; the others are on their way there.
    public func takeNotifications(for client: ServedClient) -> [UnsolicitedMessage] {
        let (due, network) = state.withLock { state in
            let due = state.duePushes.filter { $0.client == client.address }
            state.duePushes.removeAll { $0.client == client.address }
            return (due.map { (name: $0.setup, setup: PushSetup($0.setup, state)) }, state.network)
        }
        return due.compactMap { name, setup in
            guard let network, let endpoint = setup.endpoint else {
                return .dataNotification(notification(of: name, for: client))
            }
            push(name, setup, to: endpoint, over: network, for: client)
            return nil
        }
    }

    /// Sends one notification in a frame of the wrapper, from the logical device to the client that told the meter to push.
    private func push(
        _ name: OBISCode,
        _ setup: PushSetup,
        to endpoint: TCPEndpoint,
        over network: MeterNetwork,
        for client: ServedClient
    ) {
        let meter = snapshot(client)
        guard let wait = setup.wait(at: meter.time, offset: meter.load.offsetSeconds) else { return }
        let chance = setup.spread > 0 ? Int64.random(in: 0..<Int64(setup.spread)) : 0
        network.push(to: endpoint, after: .seconds(wait + chance), persistence: setup.persistence) { [weak self] in
            guard let self else { return [] }
            let frame = WrapperFrame(
                sourcePort: client.address.serverSAP,
                destinationPort: client.address.clientSAP,
                payload: notification(of: name, for: client).octets
            )
            return frame?.octets ?? []
        }
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
