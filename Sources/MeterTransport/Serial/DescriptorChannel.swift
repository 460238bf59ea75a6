// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore
import NIOPosix

/// Channels over terminals.
enum DescriptorChannel {
    /// Makes a channel over a terminal, of which it gets descriptors of its own and closes them with itself.
    ///
    /// - Parameters:
    ///   - group: where the channel runs.
    ///   - duplicate: makes a descriptor; called twice, because epoll wants one for each direction.
    ///   - prepare: puts handlers on the channel, on its event loop.
    static func open<Prepared: Sendable>(
        on group: any EventLoopGroup,
        duplicating duplicate: () throws -> Int32,
        _ prepare: @escaping @Sendable (any Channel) throws -> Prepared
    ) async throws -> Prepared {
        let input = try duplicate()
        let output: Int32
        do {
            output = try duplicate()
        } catch {
            systemClose(input)
            throw error
        }
        do {
            return try await NIOPipeBootstrap(group: group)
                .takingOwnershipOfDescriptors(input: input, output: output) { channel in
                    channel.eventLoop.makeCompletedFuture { try prepare(channel) }
                }
        } catch {
            systemClose(input)
            systemClose(output)
            throw error
        }
    }
}
