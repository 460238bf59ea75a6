// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension GatewayAPI {
    /// What operators see and turn of the process while it runs.
    public struct Operation: Sendable {
        /// What the log tells.
        public let logLevels: LogLevels
        /// The settings in force at this moment.
        public let settings: @Sendable () -> SettingsInForce

        /// Gathers it.
        public init(
            logLevels: LogLevels = LogLevels(),
            settings: @escaping @Sendable () -> SettingsInForce = { SettingsInForce() }
        ) {
            self.logLevels = logLevels
            self.settings = settings
        }
    }
}
