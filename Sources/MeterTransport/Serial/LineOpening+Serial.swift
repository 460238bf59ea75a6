// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore
import NIOPosix

extension LineOpening {
    /// Opens a serial port.
    func open(_ settings: SerialSettings) async throws(TransportError) -> MeterLine {
        let threads = network.waitingThreads
        let port: SerialPort
        do {
            port = try await threads.runIfActive { try SerialPort.open(settings) }
        } catch let fault as PortFault {
            throw TransportError(.portNotOpened(device: settings.device, fault))
        } catch {
            throw TransportError(.cancelled)
        }
        do {
            guard !Task.isCancelled else { throw CancellationError() }
            return try await line(over: port, settings, threads)
        } catch {
            try? await threads.runIfActive { port.close() }
            guard let fault = error as? PortFault else { throw TransportError(.cancelled) }
            throw TransportError(.portNotOpened(device: settings.device, fault))
        }
    }

    private func line(
        over port: SerialPort,
        _ settings: SerialSettings,
        _ threads: NIOThreadPool
    ) async throws -> MeterLine {
        try await DescriptorChannel.open(on: network.group, duplicating: port.duplicate) { channel in
            let control = SerialControl(
                port: port,
                device: settings.device,
                threads: threads,
                eventLoop: channel.eventLoop
            )
            let line = try install(
                on: channel,
                control: control,
                format: settings.format,
                removesEcho: settings.removesEcho
            )
            // At once, so that who knows of the end can open the port again; nothing is left that it could wait for.
            channel.closeFuture.whenComplete { _ in port.close() }
            return line
        }
    }
}
