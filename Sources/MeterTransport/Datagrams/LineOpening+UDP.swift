// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore
import NIOPosix

extension LineOpening {
    /// Makes a socket for datagrams to and from one peer, who need not be there: nothing is sent.
    func exchangeDatagrams(with endpoint: TCPEndpoint) async throws(TransportError) -> MeterLine {
        let address: SocketAddress
        do {
            address = try await network.waitingThreads.runIfActive {
                try SocketAddress.makeAddressResolvingHost(endpoint.host, port: endpoint.port)
            }
        } catch {
            throw Task.isCancelled ? TransportError(.cancelled) : TransportError(.nameNotResolved(host: endpoint.host))
        }
        do {
            guard !Task.isCancelled else { throw TransportError(.cancelled) }
            return try await DatagramBootstrap(group: network.group)
                .channelOption(
                    .recvAllocator,
                    value: FixedSizeRecvByteBufferAllocator(capacity: DatagramFraming.longestDatagram)
                )
                .connect(to: address) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DatagramHandler())
                        return try install(on: channel)
                    }
                }
        } catch {
            throw TransportError(onChannel: error) ?? ConnectFailure.transportError(of: error, endpoint)
        }
    }
}
