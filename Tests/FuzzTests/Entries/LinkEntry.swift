// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

enum LinkEntry {
    /// What the client asks for as soon as it may.
    private static let read = ServiceRequest.get([
        AttributeRequest(AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 8, 0, 255), attributeID: 2))
    ])

    /// Whatever comes over an HDLC line, client and server say only frames, never wait for ever, and hold bounded data.
    ///
    /// The first octet tells in what pieces the rest comes and where silences lie.
    static func fault(of input: [UInt8]) -> String? {
        guard let first = input.first, let server = HDLCAddress(width: .two, upper: 1, lower: 17) else { return nil }
        var client = ClientMachine(
            settings: AssociationSettings(link: .hdlc(HDLCLinkSettings(client: 16, server: server)))
        )
        var meter = ServerMachine(objects: NoObjects(), framing: .hdlc(HDLCServerSettings(physicalDevice: 17)))
        var now = ContinuousClock.now
        var due: ContinuousClock.Instant?
        if let fault = fault(of: client.connected(now: now), &due) { return fault }
        let piece = Int(first & 0x3F) + 1
        for start in stride(from: 1, to: input.count, by: piece) {
            let octets = Array(input[start..<min(start + piece, input.count)])
            if let fault = fault(of: client.received(octets, now: now), &due) { return fault }
            for action in meter.received(octets, now: now) {
                guard case .send(let answer) = action else { continue }
                if let fault = faultOfFrames(answer) { return fault }
            }
            if client.isReady { if let fault = fault(of: client.perform(read, now: now), &due) { return fault } }
            guard first & 0x40 != 0, let instant = due else { continue }
            now = max(now, instant)
            if let fault = fault(of: client.deadlineReached(now: now), &due) { return fault }
            _ = meter.deadlineReached(now: now)
        }
        // Silence ends everything.
        var steps = 0
        while let instant = due {
            steps += 1
            guard steps < 1000 else { return "the client waits for ever" }
            now = max(now, instant)
            due = nil
            if let fault = fault(of: client.deadlineReached(now: now), &due) { return fault }
        }
        return nil
    }

    private static func fault(of actions: [ClientAction], _ due: inout ContinuousClock.Instant?) -> String? {
        for action in actions {
            switch action {
            case .send(let octets): if let fault = faultOfFrames(octets) { return fault }
            case .deadline(let instant): due = instant
            default: break
            }
        }
        return nil
    }

    private static func faultOfFrames(_ octets: [UInt8]) -> String? {
        var reassembler = HDLCReassembler()
        reassembler.push(octets)
        while let item = reassembler.next(isSilent: true) {
            if case .noise(let noise, _) = item, noise != [HDLCFrame.flag] {
                return "something else than frames is sent"
            }
        }
        return nil
    }

    /// A meter without objects, which lets everybody in.
    private struct NoObjects: ObjectServer {
        func association(for client: ClientAddress) -> AssociationTerms? { AssociationTerms() }

        func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult { .failure(.objectUndefined) }

        func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
            .objectUndefined
        }

        func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
            ActionOutcome(result: .objectUndefined)
        }
    }
}
