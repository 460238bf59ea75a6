// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore
import NIOPosix

/// Changes the format of a serial port on a thread that may wait.
struct SerialControl: LineControl {
    let port: SerialPort
    let device: String
    let threads: NIOThreadPool
    let eventLoop: any EventLoop

    func change(to format: LineFormat) -> EventLoopFuture<Void> {
        threads.runIfActive(eventLoop: eventLoop) { [port, device] in
            do throws(PortFault) {
                try port.change(to: format)
            } catch {
                throw TransportError(.portNotOpened(device: device, error))
            }
        }
    }

    func flushInput() {
        port.flushInput()
    }
}
