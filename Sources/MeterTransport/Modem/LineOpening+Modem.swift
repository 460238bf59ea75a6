// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

extension LineOpening {
    /// Opens the line to a modem, and has it dial.
    func dial(_ settings: ModemSettings, over port: MeterMedium) async throws(TransportError) -> MeterLine {
        let desk = network.modems
        try await desk.take(port)
        let line: MeterLine
        do throws(TransportError) {
            line = try await MeterLine.open(port, timeout: timeout, network: network)
        } catch {
            desk.giveBack(port)
            throw error
        }
        line.onClose { desk.giveBack(port) }
        let channel = line.channel
        let tap = tap
        let result: Result<Void, ModemFault> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute { [handler = line.handler] in
                    handler.value.hasFixedFormat = true
                    let modem = ModemHandler(settings, tap: tap)
                    guard (try? channel.pipeline.syncOperations.addHandler(modem, position: .first)) != nil else {
                        return continuation.resume(returning: .failure(.notAnswering))
                    }
                    modem.start { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            channel.close(promise: nil)
        }
        switch result {
        case .success where !Task.isCancelled:
            line.setTap(tap)
            return line.carrying(medium)
        case .success, .failure:
            await line.close()
            guard case .failure(let fault) = result, !Task.isCancelled else { throw TransportError(.cancelled) }
            throw TransportError(.modem(fault))
        }
    }
}
