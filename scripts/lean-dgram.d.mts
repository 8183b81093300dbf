export { createSocket } from 'node:dgram';
