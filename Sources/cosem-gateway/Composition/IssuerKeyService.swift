// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayAPI
import ServiceLifecycle

/// Keeps the keys of the issuer of tokens fresh.
struct IssuerKeyService: Service {
    let keys: IssuerKeys

    func run() async throws {
        await cancelWhenGracefulShutdown { await keys.run() }
    }
}
